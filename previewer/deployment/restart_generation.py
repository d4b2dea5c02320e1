"""Start a generation that was stopped and kept, beside the one that serves, and let it take over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from msgspec import structs

from previewer.deployment.deploy import data_lines, note_succession, succession_of
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.generation import Wanted, can_bind, is_whole, served_definition
from previewer.deployment.recover import recover
from previewer.deployment.remove_superseded import plan_retirement, retire
from previewer.deployment.snapshot import Scene, look_at
from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.plan import Plan, StopContainer
from previewer.domain.deploy.reconcile import join_plans, title_of
from previewer.domain.deploy.take_ports import restart_steps
from previewer.domain.deploy.takeover import ENDED, decide_return
from previewer.domain.deploy.target import Target
from previewer.domain.environment.environment import list_environments
from previewer.domain.labels import Ownership
from previewer.domain.progress import Noted, Report
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, LockedError
from previewer.execution.execute import ExecutionLimits, execute
from previewer.execution.remove import stop_all
from previewer.execution.run_plan import GapClock, note_undone, start_again
from previewer.records.history import environment_entry
from previewer.session.session import Session


def can_rouse(session: Session, deployment: Deployment, generation: int) -> bool:
    """Whether the kept generation is there, whole, and of the deployment's release."""
    observed = look_at(session, deployment.name).ours.of_generation(generation)
    owners = {replace(owner, service=None) for owner in observed.owners}
    if len(owners) != 1:
        return False
    (owner,) = owners
    wanted = Wanted(owner, deployment.release, deployment.definition)
    return owner.release == deployment.release.id and is_whole(session, wanted, observed)


def plan_rouse(session: Session, deployment: Deployment, generation: int) -> Plan:
    """What :func:`rouse` would do."""
    scene = look_at(session, deployment.name)
    plan, owner = _plan(session, deployment, scene, generation)
    succession = succession_of(session, deployment, owner, scene)
    retirement = plan_retirement(scene.ours, succession.notes, after=plan, replaced=_live(scene))
    return replace(
        join_plans(plan.title, plan, *retirement),
        environment=deployment.name,
        left_data=tuple(data_lines(scene, succession, returns=generation)),
    )


def rouse(
    session: Session, deployment: Deployment, generation: int, *, report: Report, cancellation: Cancellation
) -> UpResult:
    """Start the kept generation beside the one that serves, let it take over when it is healthy, remove the other.

    Where that fails, the kept one is stopped, and what was stopped of the other one is started again.
    """
    with session.ledger.lock(deployment.name, purpose=f"{deployment.action} to generation {generation}"):
        scene = recover(session, deployment.name, report=report)
        if generation not in scene.notes.kept:
            raise LockedError(
                f"somebody else changed it meanwhile: generation {generation} is not kept any more",
                where=deployment.name,
                hint="`previewer rollback --list` shows what it can go back to now",
            )
        plan, owner = _plan(session, deployment, scene, generation)
        succession = succession_of(session, deployment, owner, scene)
        for line in data_lines(scene, succession, returns=generation):
            report(Noted(line))
        clock, began = GapClock(plan, report), session.clock()
        _note_begun(session, scene, plan, owner)
        ours = Selection(installation=owner.installation, environment=owner.environment)
        timeout = deployment.timeout if deployment.timeout is not None else session.settings.wait_timeout
        try:
            execute(
                plan,
                session.engine,
                stage="run",
                limits=ExecutionLimits(parallel=session.settings.parallel, timeout=timeout),
                report=clock.report,
                cancellation=cancellation,
                watch=ours,
            )
        except BaseException as failure:
            _undo(session, owner, plan, failure, scene, began=began, report=report)
            raise
        if clock.seconds is not None:
            report(Noted(f"generation {generation} is back; for {clock.seconds:.2f} s nobody answered"))
        notes = note_succession(session, deployment, owner, scene, began=began)
        retire(session, deployment.name, notes, replaced=_live(scene), report=report)
        observed = session.engine.observe(ours).of_generation(generation)
        (environment,) = list_environments(observed, {deployment.name: notes})
    return UpResult(environment, deployment.release, changed=True, gap_seconds=clock.seconds)


def _live(scene: Scene) -> int | None:
    return scene.environment.ownership.generation if scene.environment is not None else None


def _plan(session: Session, deployment: Deployment, scene: Scene, generation: int) -> tuple[Plan, Ownership]:
    owner = replace(scene.ours.of_generation(generation).owners[0], service=None)
    kept = Wanted(owner, deployment.release, deployment.definition)
    definition = served_definition(session, kept).definition
    observed = scene.ours.of_generation(generation)
    target = Target(
        ownership=owner,
        definition=definition,
        artifacts=deployment.release.definitions[deployment.definition].artifacts,
        ports={},
        address_pool=session.settings.address_pool,
        prefix_length=session.settings.subnet_prefix,
        takeover=decide_return(definition, observed, predecessors=scene.predecessors, can_bind=can_bind(session)),
    )
    return Plan(title_of(target, deployment.action), restart_steps(target, grace=0)), owner


def _note_begun(session: Session, scene: Scene, plan: Plan, owner: Ownership) -> None:
    """Let whoever comes after a kill know what is stopped: nothing else tells it from what failed by itself."""
    live, stopped = scene.environment, _stopped_by(plan)
    if live is None or not stopped or scene.notes.asleep_since is not None:
        return
    notes = structs.replace(scene.notes.of_generation(live.ownership.generation), stopped=stopped)
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
    session: Session,
    owner: Ownership,
    plan: Plan,
    failure: BaseException,
    scene: Scene,
    *,
    began: datetime,
    report: Report,
) -> None:
    """Stop what was started, then start what was stopped. Where that fails too, both failures are told."""
    name, generation = owner.environment, owner.generation
    title, cause = f"undo {name}", f"{type(failure).__name__}: generation {generation} did not come back"
    observed = look_at(session, name).ours.of_generation(generation)
    try:
        roused = [container.name for container in observed.containers if container.state not in ENDED]
        stop_all(session, roused, title=title, cause=cause, report=report, grace=0)
        start_again(session, _stopped_by(plan), title=title, cause=cause, report=report)
        note_undone(session, owner, began=began, notes=scene.notes if scene.environment else None)
    except EngineError as error:
        raise EngineError(
            f"{failure}; then what ran before could not be started again: {error}",
            where=name,
            hint=f"previewer replace {name}",
        ) from failure
