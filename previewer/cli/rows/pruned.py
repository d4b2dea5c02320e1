"""What pruning removes and keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.images import show_bytes
from previewer.cli.table import Cell, Column, show_plain
from previewer.domain.json_value import JsonObject, JsonValue

if TYPE_CHECKING:
    from previewer.operations.prune import PruneItem

_DIGITS = 64


def _show_name(value: JsonValue) -> Cell:
    """Digests by their first digits, other names as they are."""
    is_digest = isinstance(value, str) and len(value.removeprefix("sha256:")) == _DIGITS
    return show_id(value) if is_digest else show_plain(value)


def _show_fate(value: JsonValue) -> Cell:
    return Cell("stays" if value else "goes")


_WHAT = (Column("kind", "KIND"), Column("name", "NAME", _show_name, gives_way=True))
_WHY = (Column("bytes", "SIZE", show_bytes), Column("reason", "REASON", gives_way=True))
PRUNED_COLUMNS = (*_WHAT, *_WHY)
"""Of ``previewer prune``."""
JUDGED_COLUMNS = (Column("keeps", "FATE", _show_fate), *PRUNED_COLUMNS)
"""Of ``previewer prune --kept``."""


def pruned_rows(items: Iterable[PruneItem]) -> tuple[JsonObject, ...]:
    """The items, as they come."""
    return tuple(
        {
            "kind": item.kind.value,
            "name": item.name,
            "keeps": item.keeps,
            "bytes": item.bytes if item.kind.value == "image" else None,
            "reason": item.reason,
        }
        for item in items
    )
