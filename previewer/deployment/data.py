"""What data the generations of an environment begin with, and the removal of what no generation needs any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.deployment import Deployment
from previewer.deployment.generation import Generation, served_definition
from previewer.deployment.snapshot import EnvironmentSnapshot
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.data.beginning import (
    EMPTY,
    SEEDS,
    Lifetime,
    VolumeData,
    data_volumes,
    decide_beginning,
    lifetimes,
    writers_of,
)
from previewer.domain.data.seeds import Seed, seed_digest, seeds_of
from previewer.domain.data.snapshots import (
    DataSeen,
    Snapshot,
    SnapshotKind,
    data_labels,
    flattened,
    loose_volumes,
    mark_labels,
    read_data,
    snapshot_id,
)
from previewer.domain.engine.observation import ObservedVolume
from previewer.domain.engine.specs import VolumeSpec
from previewer.domain.policy.data_rules import refuse_raw_data
from previewer.domain.progress import Noted
from previewer.domain.release.release import Release
from previewer.errors import ConflictError, NotFoundError, UsageError
from previewer.session.run import Run
from previewer.session.session import Session


class SeedState(Struct, frozen=True):
    """A seed of a release's definition, and its snapshot."""

    seed: Seed
    digest: str
    snapshot: Snapshot | None
    """``None`` where it was not made yet."""


def see_data(session: Session) -> DataSeen:
    """The snapshots and volumes of data of this repository on the engine; one call."""
    return read_data(session.engine.volume_labels(session.source.installation))


def seed_states(release: Release, definition: str, seen: DataSeen) -> tuple[SeedState, ...]:
    """The seeds that a definition of a release declares, with their digests and what is there of them."""
    frozen = release.definitions[definition]

    def look(seed: Seed) -> SeedState:
        digest = seed_digest(frozen.definition, seed, artifacts=frozen.artifacts, files=release.files)
        return SeedState(seed, digest, seen.find(digest))

    return tuple(look(seed) for seed in seeds_of(frozen.definition))


def chosen_snapshot(session: Session, text: str, seen: DataSeen) -> Snapshot:
    """The snapshot of this name or id; that of an environment with ``from:``, its newest one.

    Raises :class:`NotFoundError` where there is none, and :class:`UsageError` where several are meant.
    """
    if text.startswith("from:"):
        origin = text.removeprefix("from:")
        names = {origin, naming.environment_name(session.project, origin)}
        found = tuple(s for s in seen.snapshots if s.environment in names)[:1]
        hint = f"take one: `previewer data snapshot {origin}`"
    else:
        found, hint = seen.named(text), "`previewer data ls` lists what there is"
    if not found:
        raise NotFoundError("there is no such snapshot", where=text, hint=hint)
    if len({snapshot.id for snapshot in found}) > 1 and found[0].name != text:
        many = ", ".join(short_id(snapshot.id) for snapshot in found)
        raise UsageError(f"several snapshots begin like this: {many}", hint="give more of the id")
    return found[0]


def missing_seeds(deployment: Deployment, seen: DataSeen, snapshot: EnvironmentSnapshot) -> tuple[SeedState, ...]:
    """The seeds of what is deployed that have to run first: not those whose volumes are all handed over."""
    definition, data = deployment.frozen.definition, deployment.request.data
    if data == EMPTY or not seeds_of(definition):
        return ()
    held = () if data else _held(deployment, snapshot)
    outliving = {key for key, lifetime in lifetimes(definition).items() if lifetime is Lifetime.ENVIRONMENT}
    handed_over = outliving.intersection(held)
    states = seed_states(deployment.release, deployment.definition, seen)
    return tuple(
        state for state in states if state.snapshot is None and not handed_over.issuperset(state.seed.volumes)
    )


def needs_data(deployment: Deployment) -> bool:
    """Whether data is chosen or declared for what is deployed."""
    definition = deployment.frozen.definition
    return bool(deployment.request.data) or bool(lifetimes(definition)) or bool(seeds_of(definition))


def begin_with_data(
    session: Session, deployment: Deployment, generation: Generation, snapshot: EnvironmentSnapshot
) -> Generation:
    """``generation``, with what its volumes begin with, and what has to end before they do.

    Nothing is made: a seed that is not there yet is told with the digest that its snapshot will have.
    """
    if not needs_data(deployment):
        return generation
    seen = see_data(session)
    definition = served_definition(session, generation).definition
    before, chosen = _held(deployment, snapshot), _chosen(session, deployment, seen)
    held, owner = _handed_over(before, deployment, chosen), generation.owner
    data = decide_beginning(
        definition,
        scope=naming.scope(owner.environment, owner.generation),
        snapshots=_snapshots(deployment, definition, seen, before, chosen),
        held=held,
        restores=deployment.data_of is not None,
        flatten=partial(flattened, seen),
        labels_of={
            key: data_labels(owner.environment, key, installation=owner.installation, project=owner.project)
            for key in data_volumes(definition)
        },
    )
    live = snapshot.environment
    writers = writers_of(data, before, snapshot.ours.of_generation(live.ownership.generation)) if live else ()
    return replace(generation, data=data, writers=writers)


def _held(deployment: Deployment, snapshot: EnvironmentSnapshot) -> Mapping[str, ObservedVolume]:
    """The volumes whose state is handed over, by their keys: of the live generation, unless another is chosen."""
    live = snapshot.environment
    number = deployment.data_of or (live.ownership.generation if live else None)
    if number is None:
        return {}
    return {volume.key: volume for volume in snapshot.ours.of_generation(number).volumes if volume.key}


def _handed_over(
    held: Mapping[str, ObservedVolume], deployment: Deployment, chosen: Snapshot | None
) -> Mapping[str, ObservedVolume]:
    """The volumes of ``held`` whose state a choice of other data leaves."""
    if not deployment.request.data:
        return held
    return {key: volume for key, volume in held.items() if chosen is not None and key not in chosen.volumes}


def _chosen(session: Session, deployment: Deployment, seen: DataSeen) -> Snapshot | None:
    """The snapshot that the user chose. Raises :class:`PolicyError` for raw data that is not to be had."""
    if deployment.request.data in ("", EMPTY, SEEDS):
        return None
    chosen = chosen_snapshot(session, deployment.request.data, seen)
    trust = session.trust(deployment.request.role, branch=deployment.branch, commit=deployment.release.commit)
    refuse_raw_data(chosen, trust, environment=deployment.name)
    return chosen


def _snapshots(
    deployment: Deployment,
    definition: Definition,
    seen: DataSeen,
    before: Mapping[str, ObservedVolume],
    chosen: Snapshot | None,
) -> Mapping[str, Snapshot]:
    """What volumes of the generation are clones of, by their keys; those of a replaced one begin as they did."""
    if deployment.request.data == EMPTY:
        return {}
    found: dict[str, Snapshot] = {}
    for state in seed_states(deployment.release, deployment.definition, seen):
        if state.snapshot is not None:
            found |= dict.fromkeys(state.seed.volumes, state.snapshot)
    if deployment.request.action == "replace" and not deployment.request.data:
        again = {key: seen.find(volume.snapshot) for key, volume in before.items() if volume.snapshot}
        found |= {key: snapshot for key, snapshot in again.items() if snapshot is not None}
    if chosen is not None:
        found |= dict.fromkeys(chosen.volumes, chosen)
    return {key: taken for key, taken in found.items() if key in definition.volumes and key in taken.volumes}


def keep_left_state(run: Run, generation: Generation, snapshot: EnvironmentSnapshot) -> None:
    """Make the state that is left behind though it was to outlive its generation a snapshot, to be gone back to.

    That is what a rollback of data leaves, and a choice of other data. Nothing is copied.
    """
    live = snapshot.environment
    if live is None:
        return
    owner = live.ownership
    outliving = {v.key: v for v in snapshot.ours.of_generation(owner.generation).volumes if v.key and v.outlives}
    going_on = {volume.layers for volume in generation.data.values()}
    volumes = {
        key: volume.layers
        for key, volume in outliving.items()
        if volume.layers not in going_on and (volume.name,) not in going_on
    }
    if not volumes:
        return
    kept = Snapshot(
        id=snapshot_id(owner.environment, str(owner.generation), owner.operation),
        kind=SnapshotKind.ENVIRONMENT,
        origin=f"{owner.environment}, generation {owner.generation}, as it was left",
        volumes=volumes,
        created_at=run.session.clock().replace(microsecond=0),
        environment=owner.environment,
        commit=owner.commit,
    )
    complete(run.session, kept)
    run.report(Noted(f"what is left behind is the snapshot {short_id(kept.id)}", "`previewer data ls` lists it"))


def complete(session: Session, snapshot: Snapshot) -> None:
    """Say on the engine that a snapshot is whole: from then on it is one."""
    said = mark_labels(snapshot, installation=session.source.installation, project=session.project)
    session.engine.create_volume(VolumeSpec(naming.snapshot_name(session.project, snapshot.id), said, {}))


def beginning_lines(data: Mapping[str, VolumeData]) -> Iterator[str]:
    """What the volumes of a generation begin with, one line each, for people."""
    for key, volume in sorted(data.items()):
        if volume.layers:
            of = f" ({short_id(volume.snapshot)})" if volume.snapshot else ""
            yield f"{key} begins with {volume.origin}{of}"


def sweep(session: Session, owner: str, *, seen: DataSeen | None = None) -> tuple[str, ...]:
    """Remove the volumes of data that were made for ``owner`` and that nothing refers to; the names of those gone.

    The caller holds the lock of that name. One that is mounted stays for the next time.
    """
    return remove_volumes(session, loose_volumes(seen or see_data(session), owner))


def remove_volumes(session: Session, names: Iterable[str]) -> tuple[str, ...]:
    """Remove volumes, but for those that something mounts; the names of those gone."""
    gone = []
    for name in names:
        with suppress(ConflictError):
            session.engine.remove_container(f"{name}-fill")  # a killed run's, which was filling it
            session.engine.remove_volume(name)
            gone.append(name)
    return tuple(gone)
