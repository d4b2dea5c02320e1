"""Let an environment live longer, or for ever."""

from __future__ import annotations

from msgspec import Struct, structs
from msgspec.structs import replace

from previewer.deployment.index import tell_page
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import EnvironmentNotes
from previewer.domain.units import expiry, format_time, parse_ttl
from previewer.records.environments import environment_entry, find_environment
from previewer.session.session import Session


class ExtendResult(Struct, frozen=True):
    """How long an environment lives now."""

    environment: Environment
    """The environment as it is afterwards."""
    before: Environment

    @property
    def changed(self) -> bool:
        """Whether anything is other than before."""
        return self.environment.notes != self.before.notes


def plan_extend(session: Session, environment: str, ttl: str) -> ExtendResult:
    """What :func:`extend` would make of it."""
    return _extended(session, find_environment(session, environment), ttl)


def extend(session: Session, environment: str, ttl: str) -> ExtendResult:
    """Let it live ``ttl`` (``2d``, ``90m``, ``never``) from now on, whatever it had before.

    ``never`` pins it, and a time takes a pin away. Raises :class:`UsageError` for a time that makes no sense,
    before anything is looked at.
    """
    parse_ttl(ttl)
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose=f"extend {ttl}"):
        result = _extended(session, find_environment(session, found.name), ttl)
        until = result.environment.expires_at
        note_lifetime(
            session, result, action="extend", detail=f"until {format_time(until)}" if until else "for ever"
        )
    return result


def note_lifetime(session: Session, result: ExtendResult, *, action: str, detail: str) -> None:
    """Write the new notes into the ledger, if there is anything new in them."""
    if not result.changed:
        return
    after = result.environment
    session.ledger.append(
        environment_entry(session, after.ownership, action=action, detail=detail, notes=after.notes)
    )
    tell_page(session, after)


def notes_of(environment: Environment) -> EnvironmentNotes:
    """What is noted of an environment's generation, to be changed."""
    return environment.notes.of_generation(environment.ownership.generation)


def _extended(session: Session, environment: Environment, ttl: str) -> ExtendResult:
    until = expiry(parse_ttl(ttl), now=session.clock())
    notes = notes_of(environment)
    # No expiry of the notes' own means that the labels' holds: only a pin says never.
    changed = (
        structs.replace(notes, expires_at=until - environment.clock_change, pinned=False)
        if until
        else structs.replace(notes, pinned=True)
    )
    return ExtendResult(replace(environment, notes=changed), environment)


def plan_pin(session: Session, environment: str, *, is_pinned: bool) -> ExtendResult:
    """What :func:`pin` would make of it."""
    found = find_environment(session, environment)
    return ExtendResult(replace(found, notes=structs.replace(notes_of(found), pinned=is_pinned)), found)


def pin(session: Session, environment: str, *, is_pinned: bool = True) -> ExtendResult:
    """Pin an environment: it does not expire, and `watch` and `down --merged` leave it alone.

    With ``is_pinned`` false the pin goes, and it expires when it would have without one.
    """
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="pin" if is_pinned else "unpin"):
        result = plan_pin(session, found.name, is_pinned=is_pinned)
        note_lifetime(session, result, action="pin" if is_pinned else "unpin", detail="")
    return result
