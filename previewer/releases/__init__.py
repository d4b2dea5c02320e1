"""Where releases, their definitions, files and images come from."""

from __future__ import annotations
