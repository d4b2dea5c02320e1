"""Images that pruning removes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from previewer.cli.rows.ids import show_id
from previewer.cli.table import ABSENT, Cell, Column
from previewer.domain.json_value import JsonObject, JsonValue

if TYPE_CHECKING:
    from previewer.operations.prune import PrunableImage

_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(count: int) -> str:
    """As engines count: ``12.3 MB`` is 12.3 million bytes."""
    size = float(count)
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes everything")


def _show_bytes(value: JsonValue) -> Cell:
    return Cell(format_bytes(value)) if isinstance(value, int) else Cell(ABSENT)


IMAGE_COLUMNS = (
    Column("image", "IMAGE", show_id),
    Column("bytes", "SIZE", _show_bytes),
    Column("reason", "REASON", gives_way=True),
)
"""Of ``previewer prune``."""


def image_rows(images: Iterable[PrunableImage]) -> tuple[JsonObject, ...]:
    """The images, as they come."""
    return tuple({"image": image.image, "bytes": image.bytes, "reason": image.reason} for image in images)
