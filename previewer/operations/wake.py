"""Wake an environment that sleeps: its containers start in the order of its frozen definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from msgspec import structs

from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Definition
from previewer.domain.environment import SERVING, Environment, State
from previewer.domain.plan import Plan
from previewer.domain.progress import Noted, Report
from previewer.domain.sleeping import ended_containers, plan_sleep
from previewer.domain.sleeping import plan_wake as plan_of
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PortTakenError, PreviewerError
from previewer.frozen import dataclass
from previewer.operations.environments import find_environment
from previewer.operations.execution.execute import ExecutionLimits, execute
from previewer.operations.generations.environment_release import release_of
from previewer.operations.generations.frozen_definition import definition_name
from previewer.operations.generations.recover import recover
from previewer.operations.remembering.environment_entry import environment_entry
from previewer.operations.session import Session


@dataclass(frozen=True, slots=True)
class WakeResult:
    """What is awake now."""

    environment: Environment
    changed: bool
    """``False`` where it was awake already."""


def plan_wake(session: Session, environment: str) -> Plan:
    """What :func:`wake` would do."""
    found = _with_ended(session, find_environment(session, environment))
    if not found.notes.stopped:
        return Plan(f"wake {found.name}", ())
    return plan_of(_frozen_definition(session, found), found)


def wake(
    session: Session,
    environment: str,
    *,
    timeout: float | None = None,
    report: Report,
    cancellation: Cancellation,
) -> WakeResult:
    """Start what :func:`sleep` stopped, and wait for health. ``timeout`` in seconds; ``None`` for the setting.

    What ended while nobody let it sleep, with the engine say, is started likewise. Raises :class:`PortTakenError`
    where somebody took a host port meanwhile, and what waiting raises; what was started is then stopped again.
    """
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="wake"):
        recover(session, found.name, report=report)
        found = _with_ended(session, find_environment(session, found.name))
        if not _has_stopped(found) and not found.notes.stopped:
            report(Noted(f"{found.name} is awake already"))
            return WakeResult(found, changed=False)
        awake = wake_environment(session, found, timeout=timeout, report=report, cancellation=cancellation)
    return WakeResult(awake, changed=True)


def wake_environment(
    session: Session,
    environment: Environment,
    *,
    timeout: float | None = None,
    report: Report,
    cancellation: Cancellation,
) -> Environment:
    """As :func:`wake`, for a caller that has found the environment and holds its lock; what it is afterwards."""
    owner, began = environment.ownership, session.clock()
    plan = plan_of(_frozen_definition(session, environment), environment)
    ours = Selection(installation=owner.installation, environment=owner.environment)
    try:
        execute(
            plan,
            session.engine,
            stage="wake",
            limits=ExecutionLimits(
                parallel=session.settings.parallel,
                timeout=session.settings.wait_timeout if timeout is None else timeout,
                settle=session.settings.settle_time,
            ),
            report=report,
            cancellation=cancellation,
            watch=ours,
        )
    except BaseException as failure:
        _sleep_on(session, environment, failure, began=began, report=report)
        if isinstance(failure, PortTakenError):
            raise PortTakenError(
                f"somebody else took a host port while it slept: {failure.message}",
                where=environment.name,
                hint=f"`previewer replace {environment.name}` gives it another, with empty volumes; "
                "or end what listens there",
            ) from failure
        raise
    notes = structs.replace(environment.notes.of_generation(owner.generation), asleep_since=None, stopped=())
    detail = f"generation {owner.generation}"
    session.ledger.append(
        environment_entry(session, owner, action="wake", detail=detail, began=began, notes=notes)
    )
    return find_environment(session, environment.name)


def _frozen_definition(session: Session, environment: Environment) -> Definition:
    """The definition that an environment runs, out of its release.

    Raises :class:`NotFoundError` where the release is not in this repository, and where a service is missing.
    """
    release = release_of(session, environment)
    definition = release.definitions[definition_name(release, environment)].definition
    wanted = {service.name for service in definition.services.values() if service.replicas > 0}
    if wanted - {service.name for service in environment.services}:
        raise NotFoundError(
            "parts of this environment are missing",
            where=environment.name,
            hint=f"`previewer replace {environment.name}` makes it anew",
        )
    return definition


def _with_ended(session: Session, environment: Environment) -> Environment:
    """One that is awake, with what has ended in it in the place of what was stopped to let it sleep."""
    if _has_stopped(environment) or environment.state in SERVING:
        return environment
    ended = ended_containers(_frozen_definition(session, environment), environment)
    return replace(environment, notes=structs.replace(environment.notes, stopped=ended))


def _has_stopped(environment: Environment) -> bool:
    """Whether it sleeps, or was stopped on the way to sleep."""
    return environment.state is State.ASLEEP or environment.notes.asleep_since is not None


def _sleep_on(
    session: Session, environment: Environment, failure: BaseException, *, began: datetime, report: Report
) -> None:
    """Stop what was started again. Where that fails too, the first failure counts, and the second is told."""
    try:
        plan = plan_sleep(find_environment(session, environment.name))
        if not _has_stopped(environment):
            started = tuple(step for step in plan if step.action.name in environment.notes.stopped)
            plan = Plan(plan.title, started)
        execute(
            plan,
            session.engine,
            stage="undo",
            limits=ExecutionLimits(keep_going=True),
            report=report,
            cancellation=Cancellation(),
        )
        session.ledger.append(
            environment_entry(session, environment.ownership, action="undo", detail="it did not wake", began=began)
        )
    except PreviewerError as error:
        report(Noted(f"it could not be put to sleep again after {type(failure).__name__}: {error}"))
