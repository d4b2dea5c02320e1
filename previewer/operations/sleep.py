"""Put environments to sleep, and wake them: containers stop and start, all that they stored stays."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from previewer.deployment.recover import recover
from previewer.deployment.routing import asleep_page, show_page
from previewer.deployment.wake import frozen_definition_of, has_stopped, wake_environment, with_ended
from previewer.domain.deploy.plan import Plan
from previewer.domain.environment.ending import plan_sleep as sleep_plan
from previewer.domain.environment.ending import plan_wake as wake_plan
from previewer.domain.environment.environment import Environment, State
from previewer.domain.progress import Noted
from previewer.domain.units import counted
from previewer.errors import NotFoundError
from previewer.execution.execute import execute_to_the_end
from previewer.records.environments import environment_entry, find_environment, list_environments
from previewer.session.run import Run
from previewer.session.session import Session


class SleepResult(Struct, frozen=True):
    """Who sleeps now."""

    environments: tuple[str, ...]
    """The environments that were put to sleep."""
    already_asleep: tuple[str, ...]


def plan_sleep(session: Session, environments: Sequence[str]) -> Plan:
    """What :func:`sleep` would do."""
    plans = [sleep_plan(environment) for environment in _find(session, environments)]
    title = f"sleep {', '.join(plan.title.removeprefix('sleep ') for plan in plans)}"
    return Plan(title, tuple(step for plan in plans for step in plan))


def sleep(run: Run, environments: Sequence[str]) -> SleepResult:
    """Stop every container of these environments, and note since when they sleep.

    Raises :class:`NotFoundError` for a name that no environment has, before anything is stopped. One that sleeps
    already is told.
    """
    slept: list[str] = []
    already: list[str] = []
    for environment in _find(run.session, environments):
        run.cancellation.check()
        with run.session.ledger.lock(environment.name, purpose="sleep"):
            recover(run, environment.name)
            current = find_environment(run.session, environment.name)
            if current.state is State.ASLEEP:
                run.report(Noted(f"{current.name} is asleep already"))
                already.append(current.name)
                continue
            _put_to_sleep(run, current)
            slept.append(current.name)
    return SleepResult(tuple(slept), tuple(already))


def _put_to_sleep(run: Run, environment: Environment) -> None:
    """Noted first: after a kill, the environment shows as meant to sleep, not as failed."""
    session = run.session
    plan = sleep_plan(environment)
    owner = environment.ownership
    now = session.clock().replace(microsecond=0)
    # Those of an earlier attempt that did not come to its end sleep already.
    stopped = tuple(dict.fromkeys((*environment.notes.stopped, *(step.action.name for step in plan))))
    notes = structs.replace(environment.notes.of_generation(owner.generation), asleep_since=now, stopped=stopped)
    session.ledger.append(
        environment_entry(
            session, owner, action="sleep", detail=counted(len(plan), "container"), began=now, notes=notes
        )
    )
    show_page(run, structs.replace(environment, state=State.ASLEEP), asleep_page(environment))
    execute_to_the_end(run, plan, stage="sleep", parallel=len(plan))


def _find(session: Session, names: Sequence[str]) -> tuple[Environment, ...]:
    present = list_environments(session)
    found = [find_environment(session, name, among=present) for name in names]
    if not found:
        raise NotFoundError("no environment was named")
    return tuple({environment.name: environment for environment in found}.values())


class WakeResult(Struct, frozen=True):
    """What is awake now."""

    environment: Environment
    changed: bool
    """``False`` where it was awake already."""


def plan_wake(session: Session, environment: str) -> Plan:
    """What :func:`wake` would do."""
    found = with_ended(session, find_environment(session, environment))
    if not found.notes.stopped:
        return Plan(f"wake {found.name}", ())
    return wake_plan(frozen_definition_of(session, found), found)


def wake(run: Run, environment: str, *, timeout: float | None = None) -> WakeResult:
    """Start what :func:`sleep` stopped, and wait for health. ``timeout`` in seconds; ``None`` for the setting.

    What ended without being put to sleep, with the engine say, is started likewise. Raises :class:`PortTakenError`
    where a host port was taken meanwhile, and what waiting raises; what was started is then stopped again.
    """
    session = run.session
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="wake"):
        recover(run, found.name)
        found = with_ended(session, find_environment(session, found.name))
        if not has_stopped(found) and not found.notes.stopped:
            run.report(Noted(f"{found.name} is awake already"))
            return WakeResult(found, changed=False)
        awake = wake_environment(run, found, timeout=timeout)
    return WakeResult(awake, changed=True)
