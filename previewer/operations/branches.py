"""List the repository's branches."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from previewer.domain.overview import OverviewRow, overview
from previewer.domain.revision import Branch
from previewer.operations.session import Session

if TYPE_CHECKING:
    from previewer.domain.environment import Environment


def list_branches(session: Session, *, remote: bool = False, pattern: str | None = None) -> tuple[Branch, ...]:
    """Branches, newest tip first; with ``pattern`` only those whose name matches the glob.

    The pattern may leave out the remote of a remote branch: ``feature/*`` matches ``origin/feature/x`` too.
    """
    branches = session.source.branches(remote=remote)
    if pattern is None:
        return branches
    return tuple(branch for branch in branches if any(fnmatchcase(n, pattern) for n in _names(branch)))


def _names(branch: Branch) -> tuple[str, ...]:
    return (branch.name, branch.remote_name) if branch.remote_name is not None else (branch.name,)


def join_environments(
    session: Session, branches: Sequence[Branch], environments: Sequence[Environment]
) -> tuple[OverviewRow, ...]:
    """Branches beside ``environments``; of those that run no listed branch, their commits are looked up."""
    orphans = [row.environment for row in overview(branches, environments) if row.branch is None]
    ids = {environment.ownership.commit for environment in orphans if environment is not None}
    commits = {commit: found for commit in ids if (found := session.source.find_commit(commit)) is not None}
    return overview(branches, environments, commits)
