"""Entries of the ledger, environments that are gone, and generations to roll back to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_age, show_id, timestamp
from previewer.cli.rows.environments import show_bytes
from previewer.domain.json_value import JsonObject, entries_at
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.record.tombstone import Tombstone, tombstone_to_json
from previewer.present.tables import Column

if TYPE_CHECKING:
    from previewer.operations.rollback import Candidate

HISTORY_COLUMNS = (
    Column("at", "AT"),
    Column("action", "ACTION"),
    Column("environment", "ENVIRONMENT", gives_way=True),
    Column("release", "RELEASE", show=show_id, spare=2),
    Column("commit", "COMMIT", show=show_id, spare=3),
    Column("actor", "ACTOR", gives_way=True, spare=1),
    Column("detail", "DETAIL", gives_way=True),
)
"""The columns of ``previewer history``."""


def history_row(entry: LedgerEntry) -> JsonObject:
    """One thing that was done."""
    return {
        "at": timestamp(entry.at),
        "action": entry.action,
        "environment": entry.environment,
        "release": entry.release,
        "commit": entry.commit,
        "actor": entry.actor,
        "detail": entry.detail,
    }


def tombstone_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of the head of ``previewer status --gone``."""
    return (
        Column("environment", "ENVIRONMENT"),
        Column("role", "ROLE"),
        Column("state", "STATE"),
        Column("removed_at", "REMOVED", show=show_age(now)),
        Column("actor", "BY"),
        Column("cause", "BECAUSE"),
        Column("bytes_freed", "FREED", show=show_bytes),
        Column("branch", "BRANCH"),
        Column("commit", "COMMIT", show=show_id),
        Column("release", "RELEASE", show=show_id),
        Column("generation", "GENERATION"),
        Column("owner", "OWNER"),
        Column("created_at", "AGE", show=show_age(now)),
        Column("networks", "NETWORKS"),
        Column("volume_names", "VOLUMES"),
    )


FORMER_COLUMNS = (
    Column("name", "CONTAINER", gives_way=True),
    Column("state", "STATE"),
    Column("exit_code", "EXIT"),
    Column("image", "IMAGE", show=show_id, spare=2),
    Column("ports", "PORTS", gives_way=True),
    Column("bytes", "WROTE", show=show_bytes, spare=1),
)
"""The columns of the containers in ``previewer status --gone``."""


def tombstone_row(tombstone: Tombstone) -> JsonObject:
    """A tombstone, complete; its state is ``gone``."""
    return {**tombstone_to_json(tombstone), "state": "gone"}


def head_row(tombstone: Tombstone) -> JsonObject:
    """The same for people, with the names of its volumes only."""
    return {**tombstone_row(tombstone), "volume_names": [former.name for former in tombstone.volumes]}


def former_rows(row: JsonObject) -> tuple[JsonObject, ...]:
    """The containers of :func:`tombstone_row`."""
    return entries_at(row, "containers")


def candidate_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of ``previewer rollback --list``."""
    return (
        Column("environment", "ENVIRONMENT", gives_way=True),
        Column("release", "RELEASE", show=show_id),
        Column("commit", "COMMIT", show=show_id),
        Column("generation", "GENERATION"),
        Column("until", "SERVED UNTIL", show=show_age(now)),
        Column("kept", "KEPT"),
    )


def candidate_rows(candidates: Iterable[Candidate]) -> tuple[JsonObject, ...]:
    """Newest first."""
    return tuple(
        {
            "environment": candidate.environment,
            "role": candidate.role.value,
            "release": candidate.good.release,
            "commit": candidate.good.commit,
            "generation": candidate.good.generation,
            "until": timestamp(candidate.good.until),
            "kept": candidate.is_kept,
        }
        for candidate in candidates
    )
