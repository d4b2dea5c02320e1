"""Entries of the ledger about one environment."""

from __future__ import annotations

from datetime import datetime, timedelta

from previewer.domain.labels import Ownership
from previewer.domain.record.history import LedgerEntry
from previewer.domain.record.notes import EnvironmentNotes
from previewer.session.session import Session


def environment_entry(
    session: Session,
    owner: Ownership,
    *,
    action: str,
    detail: str,
    began: datetime | None = None,
    notes: EnvironmentNotes | None = None,
) -> LedgerEntry:
    """What this session's user does to ``owner``'s generation now.

    ``began`` is when the first container was started or stopped for it. ``notes`` are what is true of the
    environment from now on; with ``None`` everything stays as it was noted.
    """
    return LedgerEntry(
        action=action,
        at=session.clock(),
        actor=session.source.actor,
        environment=owner.environment,
        release=owner.release,
        commit=owner.commit,
        detail=detail,
        began=began,
        engine_ahead=session.engine.clock_ahead() // timedelta(milliseconds=1),
        notes={owner.environment: notes} if notes is not None else {},
    )
