"""List the repository's releases."""

from __future__ import annotations

from previewer.domain.release import Release
from previewer.operations.session import Session


def list_releases(session: Session) -> tuple[Release, ...]:
    """Every release that the repository keeps, newest commit first."""
    return session.ledger.releases()
