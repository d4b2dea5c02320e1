"""How long environments live, before and after somebody decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.times import moment, show_time_left
from previewer.cli.table import Column
from previewer.domain.json_value import JsonObject

if TYPE_CHECKING:
    from previewer.operations.extend import ExtendResult


def lifetime_columns(now: datetime) -> tuple[Column, ...]:
    """Of ``previewer extend`` and ``previewer pin``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("expires_at", "TTL", show_time_left(now)),
        Column("before", "BEFORE", show_time_left(now)),
        Column("pinned", "PINNED"),
    )


def lifetime_row(result: ExtendResult) -> JsonObject:
    """One environment; ``null`` for one that never expires."""
    return {
        "environment": result.environment.name,
        "expires_at": moment(result.environment.expires_at),
        "before": moment(result.before.expires_at),
        "pinned": result.environment.notes.pinned,
        "changed": result.changed,
    }
