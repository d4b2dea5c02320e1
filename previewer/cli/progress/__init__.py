"""Progress on standard error, one renderer a module."""

from __future__ import annotations
