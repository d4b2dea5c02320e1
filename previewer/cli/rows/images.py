"""Sizes of images as cells."""

from __future__ import annotations

from previewer.cli.table import ABSENT, Cell
from previewer.domain.json_value import JsonValue

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(count: int) -> str:
    """As engines count: ``12.3 MB`` is 12.3 million bytes."""
    size = float(count)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes everything")


def show_bytes(value: JsonValue) -> Cell:
    """A number of bytes for people."""
    return Cell(format_bytes(value)) if isinstance(value, int) else Cell(ABSENT)
