"""Run the seeds of a release that have no snapshot yet, each once, in an environment that is thrown away."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.data import complete, missing_seeds, needs_data, see_data, sweep
from previewer.deployment.deployment import Deployment
from previewer.deployment.generation import Generation, target_of
from previewer.deployment.snapshot import EnvironmentSnapshot, take_snapshot
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.data.beginning import MANY_LAYERS, Lifetime, VolumeData
from previewer.domain.data.seeds import Seed, awaited_condition, seeding_definition
from previewer.domain.data.snapshots import DataSeen, Snapshot, SnapshotKind, data_labels
from previewer.domain.deploy.plan import AwaitContainer, Plan, Step
from previewer.domain.deploy.reconcile import plan_generation
from previewer.domain.engine.observation import Observation
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.engine.protocol import Selection
from previewer.execution.remove import remove_all, stop_all
from previewer.execution.run_plan import run_plan
from previewer.records.environments import environment_entry
from previewer.session.run import Run
from previewer.session.session import Session

PATIENCE = 3600.0
"""Seconds that a seed may take, unless the user says otherwise."""
FORGOTTEN = timedelta(hours=2)
"""After which what a killed seed left counts as expired."""
ANCESTORS = 500
"""Commits among which an incremental seed looks for the snapshot that it goes on from."""


class DataJob(Struct, frozen=True):
    """A job whose result is a snapshot."""

    seed: Seed
    id: str
    """The snapshot's."""
    kind: SnapshotKind
    origin: str
    parent: Snapshot | None = None
    """What its volumes begin with; ``None`` for nothing."""
    name: str = ""
    """What its user calls the snapshot."""
    copies: bool = False
    """Whether that is copied, so that the result holds nothing of it that the job has removed."""


def make_seeds(run: Run, deployment: Deployment, snapshot: EnvironmentSnapshot) -> None:
    """Make the snapshots of seeds that are not there yet. Raises :class:`UnhealthyError` where a seed fails.

    Nothing is left of a seed that fails or is interrupted.
    """
    if not needs_data(deployment):
        return
    seen = see_data(run.session)
    for state in missing_seeds(deployment, seen, snapshot):
        origin = f"seed {state.seed.name}"
        parent = _nearest(run, deployment, origin, seen) if state.seed.incremental else None
        make_snapshot(run, deployment, DataJob(state.seed, state.digest, SnapshotKind.SEED, origin, parent))


def _nearest(run: Run, deployment: Deployment, origin: str, seen: DataSeen) -> Snapshot | None:
    """The snapshot of the nearest ancestor of a commit, of the same seed, that can still have one more layer."""
    made = {
        snapshot.commit: snapshot
        for snapshot in seen.snapshots
        if snapshot.origin == origin and all(len(layers) < MANY_LAYERS for layers in snapshot.volumes.values())
    }
    if not made:
        return None
    ancestors = run.session.source.commits(deployment.release.commit, limit=ANCESTORS)
    return next((made[commit.id] for commit in ancestors if commit.id in made), None)


def make_snapshot(run: Run, deployment: Deployment, job: DataJob) -> Snapshot:
    """Do a job in an environment that is thrown away; what it leaves in its volumes is the snapshot.

    Where another run has made it meanwhile, that one is it. Raises :class:`UnhealthyError` where the job fails.
    """
    session, seed = run.session, job.seed
    name = naming.environment_name(session.project, f"seed-{short_id(job.id)}")
    with session.ledger.lock(name, purpose=job.origin):
        if (made := see_data(session).find(job.id)) is not None:
            return made
        _remove(run, name)  # what a killed run left
        sweep(session, name)
        began = time.monotonic()
        begin = f", beginning with {short_id(job.parent.id)}" if job.parent else ""
        run.report(Noted(f"{job.origin} fills {', '.join(seed.volumes)}{begin}; that is done once"))
        generation = _generation(run, deployment, job, name)
        try:
            filled = _fill(run, generation, seed, timeout=deployment.request.timeout or PATIENCE)
            snapshot = _snapshot(run, generation, job, filled)
            _remove(run, name)  # before it counts: remains of a complete snapshot are never looked for
            complete(session, snapshot)
        finally:
            _remove(run, name)
            sweep(session, name)
        seconds = time.monotonic() - began
        run.report(Noted(f"{job.origin} is done: snapshot {short_id(job.id)}, {seconds:.1f} s"))
        detail = f"{job.origin}: snapshot {short_id(job.id)}"
        entry = environment_entry(session, generation.owner, action="seed", detail=detail)
        session.ledger.append(replace(entry, environment=None))
        return snapshot


def _generation(run: Run, deployment: Deployment, job: DataJob, name: str) -> Generation:
    session, release = run.session, deployment.release
    frozen = deployment.frozen
    running = seeding_definition(frozen.definition, job.seed)
    artifacts = {service: frozen.artifacts[service] for service in running.services if service in frozen.artifacts}
    now = session.clock().replace(microsecond=0)
    owner = Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=name,
        role=deployment.request.role,
        generation=take_snapshot(session, name).next_generation,
        branch=deployment.branch,
        commit=release.commit,
        release=release.id,
        owner=session.source.actor,
        created_at=now,
        expires_at=now + FORGOTTEN,
        operation=session.new_operation(),
        definition=deployment.definition,
        head=session.ledger.head(),
    )
    seeding = _only(release, deployment.definition, FrozenDefinition(running, artifacts))
    return Generation(owner, seeding, deployment.definition, data=_volumes(owner, job), places=deployment.places)


def _only(release: Release, name: str, frozen: FrozenDefinition) -> Release:
    return replace(release, definitions={name: frozen})


def _volumes(owner: Ownership, job: DataJob) -> Mapping[str, VolumeData]:
    """The volumes whose data is kept: it outlives the throw-away generation, and becomes the snapshot."""
    scope = naming.scope(owner.environment, owner.generation)
    parent = job.parent
    return {
        key: VolumeData(
            own=f"{scope}_{key}.data",
            layers=parent.volumes.get(key, ()) if parent else (),
            copies=job.copies,
            lifetime=Lifetime.ENVIRONMENT,
            snapshot=parent.id if parent else "",
            origin=parent.origin if parent else "",
            own_labels=data_labels(owner.environment, key, installation=owner.installation, project=owner.project),
        )
        for key in job.seed.volumes
    }


def _fill(run: Run, generation: Generation, seed: Seed, *, timeout: float) -> Observation:
    """Let the job do its work and everything in it end cleanly; what is there then."""
    session, owner = run.session, generation.owner
    target = target_of(session, generation, take_snapshot(session, owner.environment))
    plan = plan_generation(target, action=f"fill {', '.join(seed.volumes)} in")
    condition = awaited_condition(generation.frozen.definition, seed)
    awaited = AwaitContainer(target.container_name(seed.service, 1), condition, seed.service)
    made = run_plan(run, owner, _awaiting(plan, awaited), timeout=timeout, may_end=True).made
    names = tuple(container.name for container in made.containers)
    stop_all(run, names, title=f"seed {seed.name}", cause="what it wrote is to be whole")
    return made


def _awaiting(plan: Plan, awaited: AwaitContainer) -> Plan:
    """``plan``, waiting for that of the seed's own container, and for nothing else of it."""
    steps = [
        step for step in plan if not (isinstance(step.action, AwaitContainer) and step.action.name == awaited.name)
    ]
    starts = frozenset(step.id for step in steps if step.action.name == awaited.name)
    return replace(plan, steps=(*steps, Step(awaited, "its data is kept once it is done", starts)))


def _snapshot(run: Run, generation: Generation, job: DataJob, made: Observation) -> Snapshot:
    return Snapshot(
        id=job.id,
        kind=job.kind,
        origin=job.origin,
        volumes={volume.key: volume.layers for volume in made.volumes if volume.key in job.seed.volumes},
        created_at=run.session.clock().replace(microsecond=0),
        name=job.name,
        commit=generation.release.commit,
        parent=job.parent.id if job.parent else "",
    )


def _remove(run: Run, name: str) -> None:
    """Remove what there is of a throw-away environment; its data stays."""
    session = run.session

    def look() -> Observation:
        return session.engine.observe(Selection(session.source.installation, environment=name))

    if not look().is_empty:
        remove_all(run, look, title=f"remove {name}", cause="a seed is done", stage="seed")


def planned_seeds(session: Session, deployment: Deployment, snapshot: EnvironmentSnapshot) -> tuple[str, ...]:
    """The seeds that a deployment would run first, one line each."""
    if not needs_data(deployment):
        return ()
    return tuple(
        f"the seed {state.seed.name} runs first: it fills {', '.join(state.seed.volumes)}"
        for state in missing_seeds(deployment, see_data(session), snapshot)
    )
