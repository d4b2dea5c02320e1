"""Keep an environment until somebody removes it by name."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from previewer.operations.environments import find_environment
from previewer.operations.extend import ExtendResult, note_lifetime, notes_of
from previewer.operations.session import Session


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
