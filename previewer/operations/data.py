"""Snapshots of data: list them, take and mask them, go back to them, move them in files, remove unused ones."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from msgspec import Struct, structs
from msgspec.structs import replace

from previewer.deployment.data import (
    chosen_snapshot,
    complete,
    remove_volumes,
    see_data,
    sweep,
)
from previewer.deployment.definition import definition_name, release_of
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.recover import recover
from previewer.deployment.seeding import DataJob, make_snapshot
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.served_files import is_served
from previewer.domain.data.beginning import EMPTY, SEEDS
from previewer.domain.data.seeds import Seed, mask_of, seed_digest
from previewer.domain.data.snapshots import (
    Snapshot,
    SnapshotKind,
    SnapshotVerdict,
    data_labels,
    judge_snapshots,
    loose_volumes,
    released_volumes,
    snapshot_id,
)
from previewer.domain.deploy.plan import Plan, RemoveVolume
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.deploy.rollover import left_data
from previewer.domain.deploy.takeover import ENDED
from previewer.domain.engine.observation import ObservedVolume
from previewer.domain.engine.specs import FillSpec, VolumeSpec
from previewer.domain.environment.environment import Environment
from previewer.domain.labels import COMPOSE_ONEOFF, ownership_labels
from previewer.domain.policy.data_rules import refuse_raw_data
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskStarted
from previewer.engine.protocol import Selection
from previewer.errors import LockedError, NotFoundError, UsageError
from previewer.execution.remove import pause_all, stop_all
from previewer.execution.run_plan import start_again
from previewer.operations.replace import plan_replace, replace_environment
from previewer.records.environments import environment_entry, find_environment
from previewer.session.run import Run
from previewer.session.session import Session


class ListedSnapshot(Struct, frozen=True):
    """A snapshot, and who uses it."""

    snapshot: Snapshot
    environments: tuple[str, ...]


class PrunedData(Struct, frozen=True):
    """What pruning data comes to."""

    verdicts: tuple[SnapshotVerdict, ...]
    volumes: tuple[str, ...]
    """The volumes that go."""

    @property
    def gone(self) -> tuple[Snapshot, ...]:
        """The snapshots that go."""
        return tuple(verdict.snapshot for verdict in self.verdicts if not verdict.keeps)


def list_snapshots(session: Session) -> tuple[ListedSnapshot, ...]:
    """The snapshots of this repository on the engine, newest first."""
    seen = see_data(session)
    return tuple(ListedSnapshot(snapshot, seen.users(snapshot)) for snapshot in seen.snapshots)


def stored_volumes(session: Session, environment: Environment) -> tuple[ObservedVolume, ...]:
    """The volumes of an environment's live generation that hold data. Raises :class:`NotFoundError` for none."""
    found = volumes_of(session, environment)
    if not found:
        raise NotFoundError("it has no volumes", where=environment.name, hint="there is no data to take")
    return found


def volumes_of(session: Session, environment: Environment) -> tuple[ObservedVolume, ...]:
    """The volumes of an environment's live generation that hold data; none for one without."""
    owner = environment.ownership
    observed = session.engine.observe(Selection(owner.installation, environment=owner.environment))
    volumes = observed.of_generation(owner.generation).volumes
    return tuple(volume for volume in volumes if volume.key and not is_served(volume.key))


def take(run: Run, target: str, *, name: str = "", masks: bool = False, pauses: bool = False) -> Snapshot:
    """Take a snapshot of what an environment stores, while what writes to it is stopped; say for how long.

    With ``pauses`` it is frozen instead: the snapshot is then as after a crash, and takes no shutdown and start.
    With ``masks`` the definition's mask is let loose on a copy, and that is the snapshot. Raises
    :class:`NotFoundError` where there is no such environment, data or mask.
    """
    session = run.session
    environment = find_environment(session, target)
    if name and see_data(session).named(name):
        raise UsageError(f"there is a snapshot {name} already", hint="choose another name, or leave --name out")
    if masks:
        return _mask(run, environment, name, pauses=pauses)
    return _take(run, environment, name, pauses=pauses)


def _take(run: Run, environment: Environment, name: str, *, pauses: bool) -> Snapshot:
    session = run.session
    with session.ledger.lock(environment.name, purpose="data snapshot"):
        recover(run, environment.name)
        environment = find_environment(session, environment.name)
        owner, volumes = environment.ownership, stored_volumes(session, environment)
        operation = session.new_operation()
        scope = naming.scope(owner.environment, owner.generation)
        made = {volume.key: f"{scope}_{volume.key}.{operation[-12:]}" for volume in volumes}
        try:
            with _halted_writers(run, environment, volumes, pauses=pauses):
                for volume in volumes:
                    _copy(run, environment, volume, made[volume.key])
            snapshot = Snapshot(
                id=snapshot_id(owner.environment, str(owner.generation), operation),
                kind=SnapshotKind.ENVIRONMENT,
                origin=f"{owner.environment}, generation {owner.generation}",
                volumes={key: (volume,) for key, volume in made.items()},
                created_at=session.clock().replace(microsecond=0),
                name=name,
                environment=owner.environment,
                commit=owner.commit,
                parent=next((volume.snapshot for volume in volumes if volume.snapshot), ""),
            )
            complete(session, snapshot)
        finally:
            sweep(session, environment.name)
        detail = f"snapshot {short_id(snapshot.id)} of {', '.join(sorted(made))}"
        session.ledger.append(environment_entry(session, owner, action="snapshot", detail=detail))
    return snapshot


def plan_take(session: Session, target: str, *, masks: bool = False) -> tuple[str, ...]:
    """What :func:`take` would do, one line each. Raises :class:`NotFoundError` where there is no data or mask."""
    environment = find_environment(session, target)
    volumes = stored_volumes(session, environment)
    writers = ", ".join(_writers(session, environment, volumes))
    keys = ", ".join(sorted(volume.key for volume in volumes))
    lines = (f"stop {writers}", f"copy {keys}", f"start {writers} again") if writers else (f"copy {keys}",)
    if not masks:
        return lines
    mask = _declared_mask(environment, _deployment(session, environment))
    return (*lines, f"run {mask.service} on the copy, and keep only what it leaves")


def _writers(session: Session, environment: Environment, volumes: tuple[ObservedVolume, ...]) -> tuple[str, ...]:
    """The running containers that mount any of the volumes, by name."""
    owner, names = environment.ownership, {volume.name for volume in volumes}
    observed = session.engine.observe(Selection(owner.installation, environment=owner.environment))
    return tuple(
        c.name
        for c in observed.of_generation(owner.generation).containers
        if c.state not in ENDED and not names.isdisjoint(c.volumes)
    )


@contextmanager
def _halted_writers(
    run: Run, environment: Environment, volumes: tuple[ObservedVolume, ...], *, pauses: bool
) -> Iterator[None]:
    """What mounts the volumes is stopped, or paused, inside the block; noted first, so that the next run can start
    it."""
    session, owner = run.session, environment.ownership
    writers = _writers(session, environment, volumes)
    if not writers:
        yield
        return
    stopping = structs.replace(environment.notes.of_generation(owner.generation), stopped=writers)
    began = time.monotonic()
    session.ledger.append(
        environment_entry(
            session,
            owner,
            action="pause" if pauses else "stop",
            detail="a snapshot is taken",
            began=session.clock(),
            notes=stopping,
        )
    )
    title = f"snapshot {environment.name}"
    halt = pause_all if pauses else stop_all
    try:
        halt(run, writers, title=title, cause="its data is to be whole")
        yield
    finally:
        starts = session.clock()
        start_again(run, writers, title=title, cause="its data is copied")
        session.ledger.append(
            environment_entry(
                session,
                owner,
                action="start",
                detail="a snapshot was taken",
                began=starts,
                notes=structs.replace(stopping, stopped=()),
            )
        )
    run.report(Noted(f"{', '.join(writers)} stood still for {time.monotonic() - began:.1f} s"))


def _copy(run: Run, environment: Environment, volume: ObservedVolume, to: str) -> None:
    session, owner = run.session, environment.ownership
    said = {**ownership_labels(owner), COMPOSE_ONEOFF: "True"}
    image = next(c.image for service in environment.services for c in service.containers)
    labels = data_labels(owner.environment, volume.key, installation=owner.installation, project=owner.project)
    session.engine.create_volume(VolumeSpec(to, labels, {}))
    with _task(run, f"copy {volume.key}"):
        session.engine.fill_volume(
            FillSpec(to, image, said, archive=lambda _owner: _read(run, volume.name, image, said))
        )


def _read(run: Run, volume: str, image: str, said: Mapping[str, str]) -> Iterator[bytes]:
    for piece in run.session.debugger.read_volume(volume, image=image, labels=said):
        run.cancellation.check()
        yield piece


@contextmanager
def _task(run: Run, task: str) -> Iterator[None]:
    run.report(TaskStarted(task, "data"))
    began = time.monotonic()
    try:
        yield
    except BaseException as failure:
        run.report(TaskFinished(task, Outcome.FAILED, time.monotonic() - began, str(failure)))
        raise
    run.report(TaskFinished(task, Outcome.DONE, time.monotonic() - began, ""))


def _mask(run: Run, environment: Environment, name: str, *, pauses: bool) -> Snapshot:
    """The definition's mask on a copy of a snapshot that is taken for it and removed again."""
    session = run.session
    deployment = _deployment(session, environment)
    frozen, mask = deployment.frozen, _declared_mask(environment, deployment)
    raw = _take(run, environment, "", pauses=pauses)
    try:
        job = replace(mask, volumes=tuple(sorted(raw.volumes)))
        digest = seed_digest(
            frozen.definition, job, artifacts=frozen.artifacts, files=deployment.release.files, parent=raw.id
        )
        origin = f"masked data of {raw.origin}"
        masked = make_snapshot(
            run, deployment, DataJob(job, digest, SnapshotKind.MASKED, origin, raw, copies=True, name=name)
        )
    finally:
        remove_snapshots(session, (raw,))
    return masked


def _declared_mask(environment: Environment, deployment: Deployment) -> Seed:
    mask = mask_of(deployment.frozen.definition)
    if mask is None:
        raise NotFoundError(
            "its definition declares no mask",
            where=environment.name,
            hint="say under x-previewer.data.mask which service masks data, see docs/data.md",
        )
    return mask


def _deployment(session: Session, environment: Environment) -> Deployment:
    owner, release = environment.ownership, release_of(session, environment)
    name = definition_name(release, environment)
    return Deployment(release, DeployRequest(role=owner.role), environment.name, owner.branch, name)


def plan_reset(session: Session, target: str, data: str = "") -> Plan:
    """What :func:`reset` would do."""
    return plan_replace(session, target, DeployRequest(data=data or SEEDS))


def reset(run: Run, target: str, data: str = "") -> UpResult:
    """Replace an environment by one of the same release whose data is a snapshot, or (empty) what seeds made.

    State that was to outlive its generation becomes a snapshot. Raises :class:`PolicyError` for raw data that the
    environment is not to have.
    """
    return replace_environment(run, target, DeployRequest(data=data or SEEDS))


def plan_clone(session: Session, source: str, target: str) -> Plan:
    """What :func:`clone` would do to the environment that gets the data. Raises what that raises."""
    origin, gets = find_environment(session, source), find_environment(session, target)
    _refuse_clone(session, origin.name, gets)
    keys = sorted(volume.key for volume in stored_volumes(session, origin))
    plan = plan_reset(session, target, EMPTY)
    now = f"what {origin.name} has now"
    removed = {step.action.name for step in plan if isinstance(step.action, RemoveVolume)}
    left = [volume for volume in volumes_of(session, gets) if not volume.outlives]
    lines = left_data(
        {volume.key for volume in left},
        generation=gets.ownership.generation,
        keeps=removed.isdisjoint(volume.name for volume in left),
        begins_with=(now,),
    )
    return replace(plan, begins=(f"{', '.join(keys)}: a copy of {now}",), left_data=tuple(lines))


def clone(run: Run, source: str, target: str) -> UpResult:
    """Give an environment the data that another one has now.

    Raises :class:`PolicyError`, before anything is stopped, for data that it is not to have.
    """
    session, origin = run.session, find_environment(run.session, source).name
    _refuse_clone(session, origin, find_environment(session, target))
    return reset(run, target, take(run, source).id)


def _refuse_clone(session: Session, origin: str, gets: Environment) -> None:
    owner = gets.ownership
    raw = Snapshot("", SnapshotKind.ENVIRONMENT, origin, {}, session.clock(), environment=origin)
    trust = session.trust(owner.role, branch=owner.branch, commit=owner.commit)
    refuse_raw_data(raw, trust, environment=owner.environment)


def find_snapshot(session: Session, text: str) -> Snapshot:
    """The snapshot of this name or id, or ``from:ENVIRONMENT``. Raises :class:`NotFoundError`."""
    return chosen_snapshot(session, text, see_data(session))


def plan_prune_data(session: Session, *, keep: int | None = None) -> PrunedData:
    """The snapshots that nothing uses, but for those with a name and the newest ``keep`` of each origin."""
    seen = see_data(session)
    verdicts = judge_snapshots(seen, keep=session.settings.keep_releases if keep is None else keep)
    gone = {verdict.snapshot.id for verdict in verdicts if not verdict.keeps}
    loose = {name for owner in set(seen.owners.values()) for name in loose_volumes(seen, owner)}
    return PrunedData(verdicts, tuple(sorted({*released_volumes(seen, gone), *loose})))


def prune_data(run: Run, *, keep: int | None = None) -> PrunedData:
    """Remove what :func:`plan_prune_data` lists, but for what a run is at work on."""
    session = run.session
    plan = plan_prune_data(session, keep=keep)
    remove_snapshots(session, plan.gone)
    for owner in sorted(set(see_data(session).owners.values())):
        with suppress(LockedError), session.ledger.lock(owner, purpose="data prune"):
            sweep(session, owner)
    return plan


def remove_snapshots(session: Session, snapshots: tuple[Snapshot, ...]) -> None:
    """Take snapshots off the engine: their marks first, so that a half of one is never taken for a whole."""
    seen = see_data(session)
    volumes = released_volumes(seen, {snapshot.id for snapshot in snapshots})
    remove_volumes(session, (naming.snapshot_name(session.project, snapshot.id) for snapshot in snapshots))
    remove_volumes(session, volumes)
