"""Amounts of memory as people write them: ``512m``, ``2g``, ``1.5GiB``."""

from __future__ import annotations

import re

_GRAMMAR = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtp]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def format_memory(size: int) -> str:
    """Bytes for people, to three digits or so: ``640 MiB``, ``1.5 GiB``, ``300 bytes``."""
    for power in (4, 3, 2, 1):
        if size >= 1024**power:
            amount = size / 1024**power
            return f"{amount:.1f}".removesuffix(".0") + f" {_UNITS[power]}"
    return f"{size} bytes"


def parse_memory(text: str) -> int:
    """The bytes that ``text`` means; every unit is a power of 1024, as in Compose files.

    Raises :class:`ValueError` for anything else, and for nothing at all.
    """
    match = _GRAMMAR.fullmatch(text.strip())
    size = int(float(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()]) if match else 0
    if size <= 0:
        raise ValueError(f"{text!r} is no amount of memory")
    return size
