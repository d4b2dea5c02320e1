"""What each volume of a new generation begins with: a clone, the state that was handed over, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.served_files import is_served
from previewer.domain.data.snapshots import Snapshot
from previewer.domain.deploy.takeover import ENDED
from previewer.domain.engine.observation import Observation, ObservedVolume

EMPTY = "empty"
"""The choice of no data, whatever seeds there are."""
SEEDS = "seeds"
"""The choice of what seeds made, in the place of what an environment has."""
MANY_LAYERS = 12
"""More layers than this are made one while they are shown, see :mod:`previewer.deployment.flatten`."""
MOST_LAYERS = 20
"""More layers than this, where that could not be done, are copied at a handover: mount options have room for one
page of memory."""


class Lifetime(Enum):
    """How long the data of a volume lives."""

    GENERATION = "generation"
    """Every generation begins with a clone of its own."""
    ENVIRONMENT = "environment"
    """It is handed over from each generation to the next."""


class VolumeData(Struct, frozen=True):
    """What one volume of a generation is made of."""

    own: str
    """The engine's name of the volume that takes what is written."""
    layers: tuple[str, ...] = ()
    """What lies below, topmost first, and is never written to; empty for a volume that begins empty."""
    copies: bool = False
    """Whether the topmost layer is a volume that will not stay, so that it is copied."""
    lifetime: Lifetime = Lifetime.GENERATION
    snapshot: str = ""
    """The id of the snapshot that it goes back to; empty for none."""
    origin: str = ""
    """What it begins with, for people."""
    own_labels: Mapping[str, str] = {}
    """Labels of the volume that takes what is written; empty where it goes with the generation."""


def lifetimes(definition: Definition) -> Mapping[str, Lifetime]:
    """The declared lifetimes of volumes, by their keys; others live as long as their generation."""
    return {key: Lifetime(said) for key, said in definition.extension.lifetime.items()}


def data_volumes(definition: Definition) -> tuple[str, ...]:
    """The keys of volumes that may begin with data: the environment's own, on the engine's plain disk."""
    return tuple(
        key
        for key, volume in sorted(definition.volumes.items())
        if not is_served(key) and not volume.external and not volume.driver_opts and volume.driver in ("", "local")
    )


def decide_beginning(
    definition: Definition,
    *,
    scope: str,
    snapshots: Mapping[str, Snapshot],
    held: Mapping[str, ObservedVolume],
    restores: bool = False,
    labels_of: Mapping[str, Mapping[str, str]],
    flatten: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda layers: layers,
) -> Mapping[str, VolumeData]:
    """What the volumes of a generation begin with, by their keys; one that is missing begins empty.

    ``scope`` begins the names of the generation's volumes, ``snapshots`` are those to clone by key, ``held`` are
    the volumes of the generation whose state is handed over, and ``labels_of`` the labels of volumes that outlive
    their generation, both by key. Where it ``restores`` that generation, the others go back to its state, too.
    ``flatten`` puts what was made of many layers in their place.
    """
    held = {key: replace(volume, layers=flatten(volume.layers)) for key, volume in held.items()}
    declared = lifetimes(definition)
    found: dict[str, VolumeData] = {}
    for key in data_volumes(definition):
        lifetime = declared.get(key, Lifetime.GENERATION)
        own, snapshot, before = f"{scope}_{key}.data", snapshots.get(key), held.get(key)
        if lifetime is Lifetime.ENVIRONMENT:
            common = VolumeData(own, lifetime=lifetime, own_labels=labels_of[key])
            found[key] = _handed_over(common, before) if before else _cloned(common, snapshot, key)
        elif restores and before is not None:
            found[key] = _handed_over(VolumeData(own), replace(before, outlives=False))
        elif snapshot is not None:
            found[key] = _cloned(VolumeData(own), snapshot, key)
    return found


def _handed_over(common: VolumeData, before: ObservedVolume) -> VolumeData:
    is_layered = before.outlives and len(before.layers) <= MOST_LAYERS
    return replace(
        common,
        layers=before.layers if is_layered else (before.name,),
        copies=not is_layered,
        snapshot=before.snapshot,
        origin=f"what generation {before.ownership.generation} left",
    )


def _cloned(common: VolumeData, snapshot: Snapshot | None, key: str) -> VolumeData:
    if snapshot is None:
        return common
    return replace(common, layers=snapshot.volumes[key], snapshot=snapshot.id, origin=snapshot.origin)


def writers_of(
    data: Mapping[str, VolumeData], held: Mapping[str, ObservedVolume], live: Observation
) -> tuple[str, ...]:
    """The containers of the generation ``live`` that may write to what is handed over, by name."""
    keys = {key for key, volume in data.items() if volume.lifetime is Lifetime.ENVIRONMENT}
    names = {held[key].name for key in keys & held.keys()}
    return tuple(
        sorted(c.name for c in live.containers if c.state not in ENDED and not names.isdisjoint(c.volumes))
    )


def clone_labels(data: VolumeData) -> dict[str, str]:
    """The labels of a generation's volume that say what it began with."""
    return {
        labels.LIFETIME: data.lifetime.value,
        labels.SNAPSHOT: data.snapshot,
        labels.ORIGIN: data.origin,
    }


def data_variables(volumes: Iterable[VolumeData]) -> dict[str, str]:
    """What services are told of their data: whether they find none yet, and the snapshots that it goes back to."""
    data = tuple(volumes)
    return {
        "PREVIEWER_FIRST_RUN": "0" if any(volume.origin for volume in data) else "1",
        "PREVIEWER_DATA": " ".join(sorted({volume.snapshot for volume in data if volume.snapshot})),
    }
