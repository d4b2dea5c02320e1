"""List the commits of a revision."""

from __future__ import annotations

from previewer.domain.revision import Commit
from previewer.operations.session import Session


def list_commits(session: Session, revision: str, *, limit: int) -> tuple[Commit, ...]:
    """The newest commits that ``revision`` contains, newest first."""
    return session.source.commits(revision, limit=limit)
