"""Wake an environment that sleeps: its containers start in the order of its frozen definition."""

from __future__ import annotations

from msgspec import Struct

from previewer.deployment.recover import recover
from previewer.deployment.wake import frozen_definition_of, has_stopped, wake_environment, with_ended
from previewer.domain.deploy.plan import Plan
from previewer.domain.environment.environment import Environment
from previewer.domain.environment.sleeping import plan_wake as plan_of
from previewer.domain.progress import Noted
from previewer.records.environments import find_environment
from previewer.session.run import Run
from previewer.session.session import Session


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
    return plan_of(frozen_definition_of(session, found), found)


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
