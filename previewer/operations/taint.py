"""Note for good that somebody touched an environment: nobody is to trust this generation any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from msgspec import structs

from previewer.domain.drift.finding import Finding
from previewer.domain.environment import Environment
from previewer.domain.examination import EngineHappening
from previewer.domain.labels import format_time
from previewer.errors import LockedError, NotFoundError
from previewer.operations.drift import EnvironmentDrift, check_drift
from previewer.operations.examined_files import UnseenFiles
from previewer.operations.remembering.environment_entry import environment_entry
from previewer.operations.session import Session

ACTION = "taint"
"""The ledger's word for it."""


def look_for_touches(session: Session, environment: Environment) -> Environment:
    """The environment, tainted in this look if somebody touched it. Nothing is noted; no file system is looked at.

    One that is tainted already is not looked at again. Raises :class:`NotFoundError` where it is gone.
    """
    if environment.is_tainted:
        return environment
    (drift,) = check_drift(session, [environment.name], files=UnseenFiles())
    if not drift.touches:
        return environment
    generation = environment.ownership.generation
    notes = structs.replace(environment.notes.of_generation(generation), tainted=taint_reason(drift.touches))
    return replace(environment, notes=notes)


def note_touches(session: Session, environment: Environment) -> Environment:
    """As :func:`look_for_touches`, and noted for good; untainted as long as somebody is changing it."""
    if environment.is_tainted or not (found := look_for_touches(session, environment)).is_tainted:
        return environment
    return found if _record(session, environment, ()) else environment


def record_taints(
    session: Session, drifts: Iterable[EnvironmentDrift], *, happenings: Sequence[EngineHappening] = ()
) -> tuple[str, ...]:
    """Note each environment that somebody touched and that is not noted yet; the names of those noted now.

    It is looked at once more under its lock: what looks like a touch may be somebody's deployment that is under
    way. One that is being changed is left for the next look.
    """
    touched = (drift.environment for drift in drifts if drift.touches and not drift.environment.is_tainted)
    return tuple(environment.name for environment in touched if _record(session, environment, happenings))


def taint_reason(touches: Iterable[Finding]) -> str:
    """The first touch in words that go into the ledger: no value of a variable, no argument of a command."""
    first = min(touches, key=lambda finding: (finding.at is None, finding.at or 0, -finding.severity.rank))
    when = f" at {format_time(first.at)}" if first.at else ""
    return f"{first.where}: {first.what}{when} ({first.kind})"


def _record(session: Session, environment: Environment, happenings: Sequence[EngineHappening]) -> bool:
    name = environment.name
    try:
        with session.ledger.lock(name, purpose="note that somebody touched it"):
            (again,) = check_drift(session, [name], files=UnseenFiles(), happenings=happenings)
            current = again.environment
            if not again.touches or current.is_tainted or current.ownership.generation != _generation(environment):
                return False
            reason = taint_reason(again.touches)
            session.ledger.append(
                environment_entry(
                    session,
                    current.ownership,
                    action=ACTION,
                    detail=reason,
                    notes=structs.replace(current.notes, generation=_generation(current), tainted=reason),
                )
            )
            return True
    except (LockedError, NotFoundError):
        return False


def _generation(environment: Environment) -> int:
    return environment.ownership.generation
