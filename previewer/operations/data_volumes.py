"""The volumes of an environment: what each began with, how long its data lives, and how much of it is its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from previewer.deployment.data import see_data
from previewer.domain.data.beginning import Lifetime
from previewer.domain.data.snapshots import Snapshot
from previewer.domain.engine.observation import ObservedVolume
from previewer.domain.engine.specs import volume_of
from previewer.domain.environment.environment import Environment
from previewer.operations.data import volumes_of
from previewer.session.session import Session


class DataVolume(Struct, frozen=True):
    """One volume of an environment's live generation."""

    key: str
    """What the definition calls it."""
    name: str
    """The engine's name of it."""
    lifetime: Lifetime
    origin: str
    """What it began with, for people; empty for one that began empty."""
    snapshot_id: str
    """The id of the snapshot that its data goes back to; empty for none."""
    snapshot: Snapshot | None
    """That snapshot, where it is still there."""
    own: str
    """The engine's volume that takes what is written to it."""

    @property
    def made_at(self) -> datetime | None:
        """When that snapshot was made; ``None`` where that is not known."""
        return self.snapshot.created_at if self.snapshot is not None else None


def list_volumes(session: Session, environment: Environment) -> tuple[DataVolume, ...]:
    """The volumes that hold data of an environment's services, by key."""
    seen = see_data(session)

    def look(volume: ObservedVolume) -> DataVolume:
        return DataVolume(
            key=volume.key,
            name=volume.name,
            lifetime=Lifetime.ENVIRONMENT if volume.outlives else Lifetime.GENERATION,
            origin=volume.origin,
            snapshot_id=volume.snapshot,
            snapshot=seen.find(volume.snapshot) if volume.snapshot else None,
            own=volume_of(volume.layers[0]) if volume.layers else volume.name,
        )

    return tuple(sorted(map(look, volumes_of(session, environment)), key=lambda volume: volume.key))


def own_bytes(session: Session, volumes: Iterable[DataVolume]) -> Mapping[str, int]:
    """The bytes that were written to each volume itself, by key, not those of the snapshot below it.

    The engine counts the files of all its volumes for it, which may take a while; one that it cannot say it of is
    left out.
    """
    sizes = session.engine.measure_volumes()
    return {volume.key: sizes[volume.own] for volume in volumes if volume.own in sizes}
