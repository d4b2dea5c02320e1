"""Run the seeds of a release that have no snapshot yet, each once, in an environment that is thrown away."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from msgspec.structs import replace

from previewer.deployment.data import EMPTY, SeedState, complete, see_data, seed_states, sweep
from previewer.deployment.deployment import Deployment
from previewer.deployment.generation import Wanted, target_of
from previewer.deployment.snapshot import take_snapshot
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.data.beginning import Lifetime, VolumeData
from previewer.domain.data.seeds import Seed, awaited_condition, seeding_definition, seeds_of
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

PATIENCE = 3600.0
"""Seconds that a seed may take, unless the user says otherwise."""
FORGOTTEN = timedelta(hours=2)
"""After which what a killed seed left counts as expired."""
STAGE = "seed"


def make_seeds(run: Run, deployment: Deployment) -> None:
    """Make the snapshots of seeds that are not there yet. Raises :class:`UnhealthyError` where a seed fails.

    Nothing is left of a seed that fails or is interrupted.
    """
    definition = deployment.release.definitions[deployment.definition].definition
    if deployment.data == EMPTY or not seeds_of(definition):
        return
    for state in seed_states(deployment.release, deployment.definition, see_data(run.session)):
        if state.snapshot is None:
            _make(run, deployment, state)


def _make(run: Run, deployment: Deployment, state: SeedState) -> None:
    session, seed = run.session, state.seed
    name = naming.environment_name(session.project, f"seed-{short_id(state.digest)}")
    with session.ledger.lock(name, purpose=f"seed {seed.name}"):
        seen = see_data(session)
        if seen.find(state.digest) is not None:
            return  # another run made it while this one waited
        _remove(run, name)  # what a killed run left
        sweep(session, name, seen=seen)
        began = time.monotonic()
        run.report(Noted(f"the seed {seed.name} fills {', '.join(seed.volumes)}; that is done once"))
        wanted = _wanted(run, deployment, state, name)
        try:
            _fill(run, wanted, seed, timeout=deployment.timeout or PATIENCE)
            complete(run.session, _snapshot(run, wanted, state))
        finally:
            _remove(run, name)
            sweep(session, name)
        seconds = time.monotonic() - began
        run.report(Noted(f"the seed {seed.name} is done: snapshot {short_id(state.digest)}, {seconds:.1f} s"))
        entry = environment_entry(
            session, wanted.owner, action="seed", detail=f"{seed.name}: snapshot {short_id(state.digest)}"
        )
        session.ledger.append(replace(entry, environment=None))


def _wanted(run: Run, deployment: Deployment, state: SeedState, name: str) -> Wanted:
    session, release, seed = run.session, deployment.release, state.seed
    frozen = release.definitions[deployment.definition]
    running = seeding_definition(frozen.definition, seed)
    artifacts = {service: frozen.artifacts[service] for service in running.services if service in frozen.artifacts}
    now = session.clock().replace(microsecond=0)
    owner = Ownership(
        installation=session.source.installation,
        project=session.project,
        environment=name,
        role=deployment.role,
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
    return Wanted(owner, seeding, deployment.definition, data=_volumes(owner, seed))


def _only(release: Release, name: str, frozen: FrozenDefinition) -> Release:
    return replace(release, definitions={name: frozen})


def _volumes(owner: Ownership, seed: Seed) -> Mapping[str, VolumeData]:
    """The volumes whose data is kept: it outlives the throw-away generation, and becomes the snapshot."""
    scope = naming.scope(owner.environment, owner.generation)
    said = {"installation": owner.installation, "project": owner.project}
    return {
        key: VolumeData(
            own=f"{scope}_{key}.data",
            lifetime=Lifetime.ENVIRONMENT,
            own_labels=data_labels(owner.environment, key, **said),
        )
        for key in seed.volumes
    }


def _fill(run: Run, wanted: Wanted, seed: Seed, *, timeout: float) -> None:
    """Let the seed do its work and everything in it end cleanly."""
    session, owner = run.session, wanted.owner
    target = target_of(session, wanted, take_snapshot(session, owner.environment))
    plan = plan_generation(target, action=f"seed {seed.name} in")
    condition = awaited_condition(wanted.frozen.definition, seed)
    awaited = AwaitContainer(target.container_name(seed.service, 1), condition, seed.service)
    run_plan(run, owner, _awaiting(plan, awaited), timeout=timeout)
    made = session.engine.observe(Selection(owner.installation, operation=owner.operation))
    names = tuple(container.name for container in made.containers)
    stop_all(run, names, title=f"seed {seed.name}", cause="what it wrote is to be whole")


def _awaiting(plan: Plan, awaited: AwaitContainer) -> Plan:
    """``plan``, waiting for that of the seed's own container, and for nothing else of it."""
    steps = [
        step for step in plan if not (isinstance(step.action, AwaitContainer) and step.action.name == awaited.name)
    ]
    starts = frozenset(step.id for step in steps if step.action.name == awaited.name)
    return replace(plan, steps=(*steps, Step(awaited, "its data is kept once it is done", starts)))


def _snapshot(run: Run, wanted: Wanted, state: SeedState) -> Snapshot:
    return Snapshot(
        id=state.digest,
        kind=SnapshotKind.SEED,
        origin=f"seed {state.seed.name}",
        volumes={key: (volume.own,) for key, volume in wanted.data.items()},
        created_at=run.session.clock().replace(microsecond=0),
        commit=wanted.release.commit,
    )


def _remove(run: Run, name: str) -> None:
    """Remove what there is of a throw-away environment; its data stays."""
    session = run.session

    def look() -> Observation:
        return session.engine.observe(Selection(session.source.installation, environment=name))

    if not look().is_empty:
        remove_all(
            session.engine, look, title=f"remove {name}", cause="a seed is done", stage=STAGE, report=run.report
        )


def planned_seeds(seen: DataSeen, deployment: Deployment) -> tuple[str, ...]:
    """The seeds that a deployment would run first, one line each."""
    if deployment.data == EMPTY:
        return ()
    return tuple(
        f"the seed {state.seed.name} runs first: it fills {', '.join(state.seed.volumes)}"
        for state in seed_states(deployment.release, deployment.definition, seen)
        if state.snapshot is None
    )
