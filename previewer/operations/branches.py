"""List the repository's branches."""

from __future__ import annotations

from fnmatch import fnmatchcase

from previewer.domain.revision import Branch
from previewer.operations.session import Session


def list_branches(session: Session, *, remote: bool = False, pattern: str | None = None) -> tuple[Branch, ...]:
    """Branches, newest tip first; with ``pattern`` only those whose name matches the glob."""
    branches = session.source.branches(remote=remote)
    if pattern is None:
        return branches
    return tuple(branch for branch in branches if fnmatchcase(branch.name, pattern))
