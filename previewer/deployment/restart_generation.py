"""Start a generation that was stopped and kept, beside the one that serves, and let it take over."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.deploy import note_rollover
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.drain import drain
from previewer.deployment.generation import Generation, can_bind, is_whole, served_definition
from previewer.deployment.prepare import data_lines, rollover_of
from previewer.deployment.recover import plan_removal_of_superseded, recover, remove_superseded
from previewer.deployment.routing import lead_names
from previewer.deployment.snapshot import EnvironmentSnapshot, take_snapshot
from previewer.domain.deploy.plan import Plan, StopContainer
from previewer.domain.deploy.reconcile import join_plans, restart_steps, title_of
from previewer.domain.deploy.takeover import ENDED, decide_return
from previewer.domain.deploy.target import Target
from previewer.domain.environment.environment import list_environments
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, LockedError
from previewer.execution.execute import execute
from previewer.execution.remove import stop_all
from previewer.execution.run_plan import DowntimeTimer, note_undone, start_again
from previewer.records.environments import environment_entry
from previewer.records.masking import mask_of_release, masking
from previewer.session.run import Run
from previewer.session.session import Session


def can_restart_kept_generation(session: Session, deployment: Deployment, generation: int) -> bool:
    """Whether the kept generation is there, whole, of the deployment's release, and has handed over no data."""
    observed = take_snapshot(session, deployment.name).ours.of_generation(generation)
    owners = {replace(owner, service=None) for owner in observed.owners}
    if len(owners) != 1 or any(volume.outlives for volume in observed.volumes):
        return False  # where a later generation went on with its data, only another one can go on with that
    (owner,) = owners
    kept = Generation(owner, deployment.release, deployment.definition)
    definition = served_definition(session, kept).definition
    return owner.release == deployment.release.id and is_whole(definition, observed)


def plan_restart_kept_generation(session: Session, deployment: Deployment, generation: int) -> Plan:
    """What :func:`restart_kept_generation` would do."""
    snapshot = take_snapshot(session, deployment.name)
    plan, owner = _plan(session, deployment, snapshot, generation)
    rollover = rollover_of(session, deployment, owner, snapshot)
    removal_of_superseded = plan_removal_of_superseded(
        snapshot.ours, rollover.notes, after=plan, replaced=_live(snapshot)
    )
    return replace(
        join_plans(plan.title, plan, *removal_of_superseded),
        environment=deployment.name,
        left_data=tuple(data_lines(snapshot, rollover, returns=generation)),
    )


def restart_kept_generation(run: Run, deployment: Deployment, generation: int) -> UpResult:
    """Start the kept generation beside the one that serves, let it take over when it is healthy, remove the other.

    Where that fails, the kept one is stopped, and what was stopped of the other one is started again.
    """
    session = run.session
    lock = session.ledger.lock(deployment.name, purpose=f"{deployment.request.action} to generation {generation}")
    with lock, masking(run, mask_of_release(session, deployment.release)) as run:
        snapshot = recover(run, deployment.name)
        if generation not in snapshot.notes.kept:
            raise LockedError(
                f"it was changed meanwhile: generation {generation} is no longer kept",
                where=deployment.name,
                hint="`previewer rollback --list` shows what it can go back to now",
            )
        plan, owner = _plan(session, deployment, snapshot, generation)
        rollover = rollover_of(session, deployment, owner, snapshot)
        for line in data_lines(snapshot, rollover, returns=generation):
            run.report(Noted(line))
        clock, began = DowntimeTimer(plan, run.report), session.clock()
        _note_begun(session, snapshot, plan, owner)
        ours = Selection(installation=owner.installation, environment=owner.environment)
        try:
            execute(
                run.reporting_to(clock.report),
                plan,
                stage="run",
                timeout=deployment.request.timeout,
                settle=session.settings.settle_time,
                watch=ours,
            )
        except BaseException as failure:
            _undo(run, owner, plan, failure, snapshot, began=began)
            raise
        if clock.seconds is not None:
            run.report(Noted(f"generation {generation} is back; downtime {clock.seconds:.2f} s"))
        observed = session.engine.observe(ours).of_generation(generation)
        lead_names(run, list_environments(observed)[0])
        notes = note_rollover(session, deployment, owner, rollover, snapshot.environment, began=began)
        drain(run, snapshot.predecessors.containers)
        remove_superseded(run, deployment.name, notes, replaced=_live(snapshot))
        observed = session.engine.observe(ours).of_generation(generation)
        (environment,) = list_environments(observed, {deployment.name: notes})
    return UpResult(environment, deployment.release, changed=True, downtime_seconds=clock.seconds)


def _live(snapshot: EnvironmentSnapshot) -> int | None:
    return snapshot.environment.ownership.generation if snapshot.environment is not None else None


def _plan(
    session: Session, deployment: Deployment, snapshot: EnvironmentSnapshot, generation: int
) -> tuple[Plan, Ownership]:
    owner = replace(snapshot.ours.of_generation(generation).owners[0], service=None)
    kept = Generation(owner, deployment.release, deployment.definition)
    definition = served_definition(session, kept).definition
    observed = snapshot.ours.of_generation(generation)
    target = Target(
        ownership=owner,
        definition=definition,
        artifacts=deployment.frozen.artifacts,
        ports={},
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        port_handover=decide_return(
            definition, observed, predecessors=snapshot.predecessors, can_bind=can_bind(session)
        ),
    )
    return Plan(title_of(target, deployment.request.action), restart_steps(target, grace=0)), owner


def _note_begun(session: Session, snapshot: EnvironmentSnapshot, plan: Plan, owner: Ownership) -> None:
    """Note what is stopped for the run after a kill: nothing else tells it from what failed by itself."""
    live, stopped = snapshot.environment, _stopped_by(plan)
    if live is None or not stopped or snapshot.notes.asleep_since is not None:
        return
    notes = structs.replace(snapshot.notes.of_generation(live.ownership.generation), stopped=stopped)
    session.ledger.append(
        environment_entry(
            session,
            live.ownership,
            action="stop",
            detail=f"generation {live.ownership.generation} gives way to generation {owner.generation}",
            began=session.clock(),
            notes=notes,
        )
    )


def _stopped_by(plan: Plan) -> tuple[str, ...]:
    return tuple(step.action.name for step in plan if isinstance(step.action, StopContainer))


def _undo(
    run: Run,
    owner: Ownership,
    plan: Plan,
    failure: BaseException,
    snapshot: EnvironmentSnapshot,
    *,
    began: datetime,
) -> None:
    """Stop what was started, then start what was stopped. Where that fails too, both failures are told."""
    name, generation = owner.environment, owner.generation
    title, cause = f"undo {name}", f"{type(failure).__name__}: generation {generation} did not come back"
    observed = take_snapshot(run.session, name).ours.of_generation(generation)
    try:
        restarted = [container.name for container in observed.containers if container.state not in ENDED]
        stop_all(run, restarted, title=title, cause=cause, grace=0)
        start_again(run, _stopped_by(plan), title=title, cause=cause)
        note_undone(run.session, owner, began=began, notes=snapshot.notes if snapshot.environment else None)
    except EngineError as error:
        raise EngineError(
            f"{failure}; then what ran before could not be started again: {error}",
            where=name,
            hint=f"previewer replace {name}",
        ) from failure
