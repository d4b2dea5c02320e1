"""Give others an unguessable address of an environment for a time, and end that."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from msgspec import Struct, structs

from previewer.deployment.routing import is_named, share_name, write_share
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import Share
from previewer.domain.units import expiry, format_time, parse_ttl
from previewer.errors import NotFoundError, UsageError
from previewer.operations.extend import notes_of
from previewer.records.environments import environment_entry, find_environment
from previewer.session.run import Run
from previewer.session.session import Session

USER = "preview"
"""Whom a password belongs to."""
DEFAULT_TIME = "2h"


class ShareResult(Struct, frozen=True):
    """What was shared."""

    environment: str
    share: Share
    password: str = ""
    """Shown once: it is kept nowhere but in the router."""


def share(run: Run, environment: str, *, ttl: str = DEFAULT_TIME, has_password: bool = False) -> ShareResult:
    """Let a new host name lead to the environment's main one for a time.

    Raises :class:`NotFoundError` for an environment without names, and :class:`UsageError` for a time without end.
    """
    session = run.session
    until = expiry(parse_ttl(ttl), now=session.clock())
    if until is None:
        raise UsageError("what is shared has to end", hint="--for 2d")
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="share"):
        found = find_environment(session, found.name)
        if not is_named(session, found):
            raise NotFoundError(
                "it has no name that could be shared",
                where=found.name,
                hint="see docs/router.md: it takes a router",
            )
        password, key = _password() if has_password else ("", "")
        made = share_name(session, found, token=secrets.token_hex(12), until=until, is_locked=has_password)
        write_share(run, made, key=key)
        kept = (*current_shares(found, session.clock()), made)
        _note(session, found, kept, action="share", detail=f"until {format_time(until)}")
    return ShareResult(found.name, made, f"{USER}:{password}" if password else "")


def unshare(run: Run, environment: str) -> tuple[Share, ...]:
    """End all that is shared of an environment; what that was."""
    session = run.session
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="unshare"):
        found = find_environment(session, found.name)
        ended = current_shares(found, session.clock())
        for one in ended:
            write_share(run, structs.replace(one, until=found.created_at))
        if found.notes.shares:
            _note(session, found, (), action="unshare", detail="")
    return ended


def current_shares(environment: Environment, now: datetime) -> tuple[Share, ...]:
    """What is shared of it and has not come to its end."""
    return tuple(one for one in environment.notes.shares if one.until > now)


def _password() -> tuple[str, str]:
    """A password, and what a browser sends for it: a name of a file, so without a slash."""
    while True:
        password = secrets.token_urlsafe(12)
        key = base64.b64encode(f"{USER}:{password}".encode()).decode()
        if "/" not in key:
            return password, key


def _note(
    session: Session, environment: Environment, shares: tuple[Share, ...], *, action: str, detail: str
) -> None:
    notes = structs.replace(notes_of(environment), shares=shares)
    session.ledger.append(
        environment_entry(session, environment.ownership, action=action, detail=detail, notes=notes)
    )
