"""Snapshots: what was left in volumes, immutable and named by what it was made from, and what keeps them.

An engine cannot label or rename a volume that is there, so a snapshot is complete once a second, empty volume is,
its *mark*: the labels of that say what the snapshot is and which volumes hold it. Volumes of data that neither a
mark nor a clone refers to are what a killed command left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum

from msgspec import Struct

from previewer.domain import labels
from previewer.domain.engine.specs import volume_of
from previewer.domain.json_value import digest_of
from previewer.domain.labels import DATA, DATA_OF, LAYERS, SNAPSHOT_RECORD
from previewer.domain.stored import Instant, from_bytes, to_bytes


class SnapshotKind(Enum):
    """How a snapshot came to be."""

    SEED = "seed"
    ENVIRONMENT = "environment"
    """It was taken of what ran: raw data."""
    MASKED = "masked"
    IMPORTED = "imported"
    """It came out of a file: raw data, whatever that says."""


class Snapshot(Struct, frozen=True):
    """Data of one or several volumes."""

    id: str
    """``sha256:…`` of what it was made from."""
    kind: SnapshotKind
    origin: str
    """What it was made from, for people: ``seed db``, ``shop-staging, generation 3``."""
    volumes: dict[str, tuple[str, ...]]
    """The layers of each volume by its key, topmost first: volumes of the engine, see :class:`CloneSpec`."""
    created_at: Instant
    name: str = ""
    """What its user calls it."""
    environment: str = ""
    """The environment whose data it is; empty for a seed's and a file's."""
    commit: str = ""
    parent: str = ""
    """The id of the snapshot that it was made from; empty for none."""

    @property
    def is_raw(self) -> bool:
        """Whether it may hold data of real users."""
        return self.kind in (SnapshotKind.ENVIRONMENT, SnapshotKind.IMPORTED)


class FlatVolume(Struct, frozen=True):
    """A volume that holds all that several layers show, and may take their place."""

    mark: str
    """The empty volume that says so."""
    volume: str
    layers: tuple[str, ...]


class DataSeen(Struct, frozen=True):
    """The data of one repository on an engine."""

    snapshots: tuple[Snapshot, ...] = ()
    """Complete ones, newest first."""
    owners: Mapping[str, str] = {}
    """Volumes of data, by name: which environment or seed they were made for."""
    clones: Mapping[str, tuple[str, ...]] = {}
    """The layers of each clone of a generation, by the clone's name."""
    environments: Mapping[str, str] = {}
    """Whose those clones are, by the clone's name."""
    flat: tuple[FlatVolume, ...] = ()

    def named(self, text: str) -> tuple[Snapshot, ...]:
        """The snapshots of this name, else those whose id begins so."""
        digits = text.removeprefix("sha256:").lower()
        called = tuple(found for found in self.snapshots if found.name == text)
        return called or tuple(
            found for found in self.snapshots if digits and found.id.removeprefix("sha256:").startswith(digits)
        )

    def users(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The environments whose volumes show layers of a snapshot, by name."""
        mine = _volumes(snapshot)
        shown = {name: {volume_of(layer) for layer in layers} for name, layers in self.clones.items()}
        return tuple(sorted({self.environments[name] for name, theirs in shown.items() if mine & theirs}))

    def find(self, snapshot_id: str) -> Snapshot | None:
        """The snapshot of exactly this id."""
        return next((found for found in self.snapshots if found.id == snapshot_id), None)


def read_data(volumes: Mapping[str, Mapping[str, str]]) -> DataSeen:
    """What the labels of an engine's volumes, by their names, say about data."""
    snapshots = [found for said in volumes.values() if (found := _read_mark(said)) is not None]
    # Volumes of data that show layers were made to read these once.
    clones = {name: said for name, said in volumes.items() if said.get(LAYERS) and not said.get(DATA)}
    return DataSeen(
        snapshots=tuple(sorted(snapshots, key=lambda found: (found.created_at, found.id), reverse=True)),
        owners={
            name: said[DATA_OF]
            for name, said in volumes.items()
            if said.get(DATA) in (labels.DATA_VOLUME, labels.DATA_FLAT)
        },
        clones={name: tuple(said[LAYERS].split()) for name, said in clones.items()},
        environments={name: said.get(labels.ENVIRONMENT, "") for name, said in clones.items()},
        flat=tuple(
            FlatVolume(name, said.get(LAYERS, ""), tuple(said.get(labels.FLATTENS, "").split()))
            for name, said in volumes.items()
            if said.get(DATA) == labels.DATA_FLAT
        ),
    )


def flattened(seen: DataSeen, layers: tuple[str, ...]) -> tuple[str, ...]:
    """``layers``, with as many as possible of the lowest replaced by one volume that holds all that they show."""
    whole = {flat.layers: flat.volume for flat in seen.flat}
    ends = (start for start in range(len(layers)) if layers[start:] in whole)
    start = next(ends, None)
    return layers if start is None else (*layers[:start], whole[layers[start:]])


def _read_mark(said: Mapping[str, str]) -> Snapshot | None:
    if said.get(DATA) != labels.DATA_MARK:
        return None
    try:
        return from_bytes(said.get(SNAPSHOT_RECORD, "").encode(), Snapshot)
    except ValueError:
        return None  # a newer previewer's: neither used nor removed


def mark_labels(snapshot: Snapshot, *, installation: str, project: str) -> dict[str, str]:
    """The labels of the volume that says that ``snapshot`` is complete."""
    return {
        **_common(installation, project),
        DATA: labels.DATA_MARK,
        labels.SNAPSHOT: snapshot.id,
        SNAPSHOT_RECORD: to_bytes(snapshot).decode(),
    }


def data_labels(owner: str, key: str, *, installation: str, project: str) -> dict[str, str]:
    """The labels of a volume of data that outlives the generation which writes it; ``owner`` made it."""
    return {
        **_common(installation, project),
        DATA: labels.DATA_VOLUME,
        DATA_OF: owner,
        labels.DATA_KEY: key,
    }


def flat_labels(common: Mapping[str, str], volume: str, layers: tuple[str, ...]) -> dict[str, str]:
    """The labels of the volume that says that ``volume`` may take the place of ``layers``."""
    return {**common, DATA: labels.DATA_FLAT, LAYERS: volume, labels.FLATTENS: " ".join(layers)}


def _common(installation: str, project: str) -> dict[str, str]:
    return {
        labels.MANAGED_BY: labels.MANAGED_BY_VALUE,
        labels.INSTALLATION: installation,
        labels.PROJECT: project,
    }


def loose_volumes(seen: DataSeen, owner: str) -> tuple[str, ...]:
    """The volumes of data that were made for ``owner`` and that nothing refers to, marks first."""
    held, marks = {volume_of(layer) for layer in _referred_to(seen)}, {flat.mark for flat in seen.flat}
    loose = (name for name, made_for in seen.owners.items() if made_for == owner and name not in held)
    return tuple(sorted(loose, key=lambda name: (name not in marks, name)))


class SnapshotVerdict(Struct, frozen=True):
    """Whether a snapshot is kept when data is pruned, and why."""

    snapshot: Snapshot
    keeps: bool
    reason: str


def judge_snapshots(seen: DataSeen, *, keep: int) -> tuple[SnapshotVerdict, ...]:
    """Which snapshots stay: those that anything runs on or is rolled back to, those with a name, and the newest.

    ``keep`` is how many stay of each origin. A snapshot that a kept one is made of stays too, as its layers do.
    """
    used = {volume_of(layer) for layers in seen.clones.values() for layer in layers}
    numbers: dict[tuple[SnapshotKind, str], int] = {}
    found: list[SnapshotVerdict] = []
    for snapshot in seen.snapshots:
        origin = (snapshot.kind, snapshot.origin)
        numbers[origin] = numbers.get(origin, 0) + 1
        if not used.isdisjoint(_volumes(snapshot)):
            found.append(SnapshotVerdict(snapshot, True, "an environment uses it"))
        elif snapshot.name:
            found.append(SnapshotVerdict(snapshot, True, f"it is named {snapshot.name}"))
        elif numbers[origin] <= keep:
            found.append(SnapshotVerdict(snapshot, True, f"it is among the newest {keep} of {snapshot.origin}"))
        else:
            found.append(SnapshotVerdict(snapshot, False, "nothing uses it"))
    return tuple(found)


def released_volumes(seen: DataSeen, gone: Collection[str]) -> tuple[str, ...]:
    """The volumes of data that only the snapshots of these ids refer to."""
    going = {name for found in seen.snapshots if found.id in gone for name in _volumes(found)}
    staying = {name for found in seen.snapshots if found.id not in gone for name in _volumes(found)}
    staying |= {volume_of(layer) for layers in seen.clones.values() for layer in layers}
    return tuple(sorted((going - staying) & seen.owners.keys()))


def snapshot_id(*parts: str) -> str:
    """The id of a snapshot that was made from ``parts``."""
    return digest_of(list(parts))


def _volumes(snapshot: Snapshot) -> set[str]:
    return {volume_of(layer) for layers in snapshot.volumes.values() for layer in layers}


def _referred_to(seen: DataSeen) -> Iterator[str]:
    shown = [*seen.clones.values(), *(layers for found in seen.snapshots for layers in found.volumes.values())]
    for layers in shown:
        yield from layers
    for flat in seen.flat:
        if any(layers[-len(flat.layers) :] == flat.layers for layers in shown):
            yield from (flat.mark, flat.volume)
