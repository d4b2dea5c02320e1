"""Snapshots of data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from previewer.cli.rows.cells import show_age, show_bytes, show_id, timestamp
from previewer.domain.json_value import JsonObject
from previewer.present.tables import Column

if TYPE_CHECKING:
    from previewer.domain.data.snapshots import Snapshot, SnapshotVerdict
    from previewer.operations.data import ListedSnapshot
    from previewer.operations.data_volumes import DataVolume


def snapshot_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of one snapshot or several."""
    return (
        Column("snapshot", "SNAPSHOT", show=show_id),
        Column("name", "NAME", spare=2),
        Column("kind", "KIND"),
        Column("origin", "ORIGIN", gives_way=True),
        Column("volumes", "VOLUMES", gives_way=True),
        Column("created_at", "MADE", show=show_age(now)),
        Column("environments", "USED BY", gives_way=True, spare=1),
    )


def snapshot_row(snapshot: Snapshot) -> JsonObject:
    """What a snapshot is."""
    return {
        "snapshot": snapshot.id,
        "name": snapshot.name or None,
        "kind": snapshot.kind.value,
        "origin": snapshot.origin,
        "volumes": sorted(snapshot.volumes),
        "created_at": timestamp(snapshot.created_at),
        "environment": snapshot.environment or None,
        "commit": snapshot.commit or None,
        "parent": snapshot.parent or None,
        "raw": snapshot.is_raw,
    }


def listed_row(listed: ListedSnapshot) -> JsonObject:
    """A snapshot with who uses it."""
    return {**snapshot_row(listed.snapshot), "environments": list(listed.environments)}


def pruned_row(verdict: SnapshotVerdict) -> JsonObject:
    """A snapshot that pruning looked at."""
    return {**snapshot_row(verdict.snapshot), "keeps": verdict.keeps, "reason": verdict.reason}


def volume_columns(now: datetime) -> tuple[Column, ...]:
    """The columns of an environment's volumes."""
    return (
        Column("volume", "VOLUME"),
        Column("snapshot", "SNAPSHOT", show=show_id),
        Column("origin", "BEGAN WITH", gives_way=True),
        Column("made_at", "AGE", show=show_age(now)),
        Column("own_bytes", "OWN", show=show_bytes, align_right=True),
        Column("lifetime", "LIVES AS LONG AS"),
    )


def volume_row(volume: DataVolume, size: int | None) -> JsonObject:
    """A volume of an environment; ``size`` in bytes is what was written to it."""
    return {
        "volume": volume.key,
        "name": volume.name,
        "snapshot": volume.snapshot_id or None,
        "origin": volume.origin or None,
        "made_at": timestamp(volume.made_at),
        "own_bytes": size,
        "lifetime": volume.lifetime.value,
    }


PRUNED_COLUMNS = (
    Column("snapshot", "SNAPSHOT", show=show_id),
    Column("kind", "KIND"),
    Column("origin", "ORIGIN", gives_way=True),
    Column("reason", "REASON", gives_way=True),
)
STORED_COLUMNS = (Column("environment", "ENVIRONMENT"), Column("volumes", "VOLUMES"))
