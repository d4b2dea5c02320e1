"""Commits and the files in them."""

from __future__ import annotations
