"""Whole processes of previewer beside those of the tools that it stands on. ``make bench`` runs them."""

from __future__ import annotations
