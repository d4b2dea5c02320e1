"""Data as a frozen artifact: seeds, snapshots of volumes, and what volumes of generations begin with. Pure."""

from __future__ import annotations
