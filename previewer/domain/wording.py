"""Small matters of English."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``2 images``, ``3 branches``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
