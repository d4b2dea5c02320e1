"""Whether an environment was touched by others, noted for good: it is no longer what was frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs
from msgspec.structs import replace

from previewer.deployment.drift import EnvironmentDrift, UnseenFiles, check_drift
from previewer.deployment.snapshot import EnvironmentSnapshot
from previewer.domain.drift.finding import Finding
from previewer.domain.engine.examination import EngineHappening
from previewer.domain.environment.environment import SERVING, Environment
from previewer.domain.release.release import Release
from previewer.domain.units import format_time
from previewer.engine.protocol import EXAMINATION
from previewer.errors import LockedError, NotFoundError
from previewer.records.environments import environment_entry
from previewer.session.session import Session


def see_touches(session: Session, snapshot: EnvironmentSnapshot, successor: Release) -> EnvironmentSnapshot:
    """The scene, its live generation tainted where ``successor`` is to replace it and this look finds a touch.

    Nothing is noted. One of the same release, or one that does not serve, becomes no known-good anyway.
    """
    live = snapshot.environment
    if live is None or live.is_tainted or live.state not in SERVING or live.ownership.release == successor.id:
        return snapshot

    try:
        seen = look_for_touches(session, live)
    except NotFoundError:
        return snapshot  # another run is removing it right now
    return replace(snapshot, notes=seen.notes) if seen.is_tainted else snapshot


ACTION = "taint"
"""The ledger's word for it."""


def look_for_touches(session: Session, environment: Environment) -> Environment:
    """The environment, tainted in this look if it was touched. Nothing is noted; no file system is looked at.

    One that is tainted already is not looked at again, and none where the engine cannot be.

    Raises :class:`NotFoundError` where it is gone.
    """
    if environment.is_tainted or EXAMINATION in session.engine.capabilities.missing:
        return environment
    (drift,) = check_drift(session, [environment.name], files=UnseenFiles())
    if not drift.touches:
        return environment
    generation = environment.ownership.generation
    notes = structs.replace(environment.notes.of_generation(generation), tainted=taint_reason(drift.touches))
    return replace(environment, notes=notes)


def note_touches(session: Session, environment: Environment) -> Environment:
    """As :func:`look_for_touches`, and noted for good; untainted as long as another run is changing it."""
    if environment.is_tainted or not (found := look_for_touches(session, environment)).is_tainted:
        return environment
    return found if _record(session, environment, ()) else environment


def record_taints(
    session: Session, drifts: Iterable[EnvironmentDrift], *, happenings: Sequence[EngineHappening] = ()
) -> tuple[str, ...]:
    """Note each touched environment that is not noted yet; return the names of those noted now.

    It is looked at once more under its lock: what looks like a touch may be another run's deployment under way.
    One that is being changed is left for the next look.
    """
    touched = (drift.environment for drift in drifts if drift.touches and not drift.environment.is_tainted)
    return tuple(environment.name for environment in touched if _record(session, environment, happenings))


def taint_reason(touches: Iterable[Finding]) -> str:
    """The first touch in words that go into the ledger: no value of a variable, no argument of a command."""
    first = min(touches, key=lambda finding: (finding.at is None, finding.at or 0, -finding.severity.rank))
    when = f" at {format_time(first.at)}" if first.at else ""
    return f"{first.statement}{when}"


def _record(session: Session, environment: Environment, happenings: Sequence[EngineHappening]) -> bool:
    name = environment.name
    try:
        with session.ledger.lock(name, purpose="note that it was changed by hand"):
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
