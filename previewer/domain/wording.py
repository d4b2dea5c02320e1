"""Small matters of English."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``2 images``, ``3 branches``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def port_words(ports: Sequence[int]) -> str:
    """``port 80``, ``ports 80, 443``."""
    return f"{'port' if len(ports) == 1 else 'ports'} {', '.join(map(str, ports))}"
