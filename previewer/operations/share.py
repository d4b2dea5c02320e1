"""Give others an unguessable address of an environment for a time, and end that."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from msgspec import Struct, structs

from previewer.deployment.routing import router_address, write_share
from previewer.deployment.sharing import names_at_router, share_of
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import Share
from previewer.domain.routing.host_names import project_host
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
    until = end_of(session, ttl)
    found = find_environment(session, environment)
    settings = session.settings.router
    host = f"share-{secrets.token_hex(12)}.{project_host(found.ownership.project, settings.domain)}"
    url = router_address(settings, session.router.find(settings.name)).url(host)
    return share_at(run, found.name, url, until=until, has_password=has_password)


def end_of(session: Session, ttl: str) -> datetime:
    """When what is shared now for ``ttl`` is over. Raises :class:`UsageError` for a time without end."""
    until = expiry(parse_ttl(ttl), now=session.clock())
    if until is None:
        raise UsageError("what is shared has to end", hint="--for 2d")
    return until


def named_environment(session: Session, environment: str) -> Environment:
    """An environment that can be shared. Raises :class:`NotFoundError` for one without names."""
    found = find_environment(session, environment)
    if not names_at_router(session, found):
        raise NotFoundError(
            "it has no name that could be shared", where=found.name, hint="see docs/router.md: it takes a router"
        )
    return found


def share_at(
    run: Run, environment: str, url: str, *, until: datetime, has_password: bool, is_tunnel: bool = False
) -> ShareResult:
    """Let an address lead to the environment's main name until a time; it may be the one that a tunnel has.

    Raises :class:`NotFoundError` for an environment without names.
    """
    session = run.session
    with session.ledger.lock(environment, purpose="share"):
        found = named_environment(session, environment)
        password, key = _password() if has_password else ("", "")
        names = names_at_router(session, found)
        made = share_of(found, names, url, until=until, is_locked=has_password, is_tunnel=is_tunnel)
        write_share(run, made, key=key)
        kept = (*current_shares(found, session.clock()), made)
        _note(session, found, kept, action="share", detail=f"until {format_time(until)}")
    return ShareResult(found.name, made, f"{USER}:{password}" if password else "")


def unshare(run: Run, environment: str, *, only: Share | None = None) -> tuple[Share, ...]:
    """End all that is shared of an environment, or ``only`` one of it; what that was."""
    session = run.session
    found = find_environment(session, environment)
    with session.ledger.lock(found.name, purpose="unshare"):
        found = find_environment(session, found.name)
        current = current_shares(found, session.clock())
        ended = tuple(one for one in current if only in (None, one))
        for one in ended:
            write_share(run, structs.replace(one, until=found.created_at))
        if ended or (only is None and found.notes.shares):
            kept = tuple(one for one in current if one not in ended)
            _note(session, found, kept, action="unshare", detail="")
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
