"""Releases, history and locks, kept in the repository's own git references."""

from __future__ import annotations
