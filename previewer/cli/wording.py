"""Small matters of English."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 image``, ``2 images``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
