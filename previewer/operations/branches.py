"""List the repository's branches."""

from __future__ import annotations

from fnmatch import fnmatchcase

from previewer.domain.revision import Branch
from previewer.operations.session import Session


def list_branches(session: Session, *, remote: bool = False, pattern: str | None = None) -> tuple[Branch, ...]:
    """Branches, newest tip first; with ``pattern`` only those whose name matches the glob.

    The pattern may leave out the remote of a remote branch: ``feature/*`` matches ``origin/feature/x`` too.
    """
    branches = session.source.branches(remote=remote)
    if pattern is None:
        return branches
    return tuple(branch for branch in branches if any(fnmatchcase(n, pattern) for n in _names(branch)))


def _names(branch: Branch) -> tuple[str, ...]:
    return (branch.name, branch.name.partition("/")[2]) if branch.is_remote else (branch.name,)
