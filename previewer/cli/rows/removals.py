"""What became of the environments that were to be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from previewer.cli.rows.images import format_bytes
from previewer.cli.style import Style
from previewer.cli.table import Cell, Column
from previewer.domain.json_value import JsonObject, JsonValue

if TYPE_CHECKING:
    from previewer.operations.down import DownResult


def removal_columns() -> tuple[Column, ...]:
    """Of ``previewer down``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("result", "RESULT"),
        Column("bytes_freed", "FREED", show_bytes),
    )


def removal_rows(result: DownResult) -> tuple[JsonObject, ...]:
    """Every environment that was named."""
    freed = {stone.environment: stone.bytes_freed for stone in result.tombstones}
    return (
        *(_row(name, "removed", freed.get(name)) for name in result.environments),
        *(_row(name, "already gone", 0) for name in result.already_gone),
    )


def _row(name: str, result: str, freed: int | None) -> JsonObject:
    return {"environment": name, "result": result, "bytes_freed": freed}


def show_bytes(value: JsonValue) -> Cell:
    """``12.3 MB``; ``unknown`` where the engine did not say it."""
    return Cell(format_bytes(value)) if isinstance(value, int) else Cell("unknown", Style.FAINT)
