"""The engine's JSON answers as frozen values."""

from __future__ import annotations
