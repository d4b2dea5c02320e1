"""Start the containers of an environment that sleeps, in the order of its frozen definition."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.definition import definition_name, release_of
from previewer.deployment.routing import lead_names
from previewer.domain.compose.definition import Definition
from previewer.domain.deploy.plan import SHORT_SETTLE, Plan
from previewer.domain.environment.ending import ended_containers, plan_sleep
from previewer.domain.environment.ending import plan_wake as plan_of
from previewer.domain.environment.environment import SERVING, Environment, State
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PortTakenError, PreviewerError, StuckContainerError
from previewer.execution.execute import execute, execute_to_the_end
from previewer.records.environments import environment_entry, find_environment
from previewer.records.masking import mask_of, masking
from previewer.session.run import Run
from previewer.session.session import Session


def wake_environment(run: Run, environment: Environment, *, timeout: float | None = None) -> Environment:
    """As :func:`wake`, for a caller that has found the environment and holds its lock; what it is afterwards."""
    with masking(run, mask_of(run.session, environment.ownership.release)) as masked:
        return _wake(masked, environment, timeout)


def _wake(run: Run, environment: Environment, timeout: float | None) -> Environment:
    session = run.session
    owner, began = environment.ownership, session.clock()
    plan = plan_of(frozen_definition_of(session, environment), environment)
    ours = Selection(installation=owner.installation, environment=owner.environment)
    try:
        moment = min(SHORT_SETTLE, session.settings.settle_time)
        execute(run, plan, stage="wake", timeout=timeout, settle=moment, watch=ours)
    except BaseException as failure:
        _sleep_on(run, environment, began=began)
        again = f"`previewer replace {environment.name}`"
        if isinstance(failure, PortTakenError):
            raise PortTakenError(
                f"a host port was taken while it slept: {failure.message}",
                where=environment.name,
                hint=f"{again} gives it another, with empty volumes; or end what listens there. "
                "(An engine that was killed may hold it itself, until it is restarted.)",
            ) from failure
        if isinstance(failure, StuckContainerError):
            raise StuckContainerError(
                f"the engine was killed while it started {failure.where}, and cannot start it any more",
                where=environment.name,
                hint=f"{again} makes it again, with empty volumes",
                details=(failure.message,),
            ) from failure
        raise
    notes = structs.replace(environment.notes.of_generation(owner.generation), asleep_since=None, stopped=())
    detail = f"generation {owner.generation}"
    session.ledger.append(
        environment_entry(session, owner, action="wake", detail=detail, began=began, notes=notes)
    )
    awake = find_environment(session, environment.name)
    lead_names(run, awake)
    return awake


def frozen_definition_of(session: Session, environment: Environment) -> Definition:
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
            hint=f"`previewer replace {environment.name}` recreates it",
        )
    return definition


def with_ended(session: Session, environment: Environment) -> Environment:
    """One that is awake, with what has ended in it in the place of what was stopped to let it sleep."""
    if has_stopped(environment) or environment.state in SERVING:
        return environment
    ended = ended_containers(frozen_definition_of(session, environment), environment)
    return replace(environment, notes=structs.replace(environment.notes, stopped=ended))


def has_stopped(environment: Environment) -> bool:
    """Whether it sleeps, or was stopped on the way to sleep."""
    return environment.state is State.ASLEEP or environment.notes.asleep_since is not None


def _sleep_on(run: Run, environment: Environment, *, began: datetime) -> None:
    """Stop what was started again. Where that fails too, the first failure counts, and the second is told."""
    session = run.session
    try:
        plan = plan_sleep(find_environment(session, environment.name))
        if not has_stopped(environment):
            started = tuple(step for step in plan if step.action.name in environment.notes.stopped)
            plan = Plan(plan.title, started)
        execute_to_the_end(run, plan, stage="undo")
        session.ledger.append(
            environment_entry(session, environment.ownership, action="undo", detail="it did not wake", began=began)
        )
    except PreviewerError as error:
        run.report(Noted(f"what had been started of it could not be stopped again: {error}"))
