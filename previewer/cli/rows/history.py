"""Entries of the ledger."""

from __future__ import annotations

from previewer.cli.rows.ids import show_id
from previewer.cli.rows.times import moment
from previewer.cli.table import Column
from previewer.domain.history import LedgerEntry
from previewer.domain.json_value import JsonObject

HISTORY_COLUMNS = (
    Column("at", "AT"),
    Column("action", "ACTION"),
    Column("environment", "ENVIRONMENT", gives_way=True),
    Column("release", "RELEASE", show_id, spare=2),
    Column("commit", "COMMIT", show_id, spare=3),
    Column("actor", "ACTOR", gives_way=True, spare=1),
    Column("detail", "DETAIL", gives_way=True),
)
"""Of ``previewer history``."""


def history_row(entry: LedgerEntry) -> JsonObject:
    """One thing that was done."""
    return {
        "at": moment(entry.at),
        "action": entry.action,
        "environment": entry.environment,
        "release": entry.release,
        "commit": entry.commit,
        "actor": entry.actor,
        "detail": entry.detail,
    }
