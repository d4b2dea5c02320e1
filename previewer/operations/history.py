"""Read the ledger's history."""

from __future__ import annotations

from itertools import islice

from previewer.domain.history import LedgerEntry
from previewer.domain.naming import environment_name, slug
from previewer.operations.session import Session


def list_history(
    session: Session, *, environment: str | None = None, limit: int | None = None
) -> tuple[LedgerEntry, ...]:
    """What was done, newest first; with ``environment`` (a name, a branch or a role) only to that one."""
    if environment is None:
        return session.ledger.entries(limit=limit)
    names = {environment, environment_name(session.project, environment), slug(environment)}
    matching = (entry for entry in session.ledger.entries() if entry.environment in names)
    return tuple(islice(matching, limit))
