"""Branches beside environments: the table that a user starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from previewer.domain.environment import Environment
from previewer.domain.revision import Branch, Commit
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A branch with one of its environments; at least one of the two is there."""

    branch: Branch | None
    environment: Environment | None
    commit: Commit | None = None
    """What the environment of no branch runs, as far as it is known."""

    @property
    def is_behind(self) -> bool:
        """Whether the environment runs an older commit than its branch's tip."""
        if self.branch is None or self.environment is None:
            return False
        return self.environment.ownership.commit != self.branch.commit


def overview(
    branches: Iterable[Branch], environments: Iterable[Environment], commits: Mapping[str, Commit] | None = None
) -> tuple[OverviewRow, ...]:
    """Join by branch name. Branches keep their order; one with several environments has several rows.

    A remote branch has the environments of its name that no local branch has: of several remotes', the one whose
    tip they run, else the first. Environments of a tag, a bare commit or a branch that is not among ``branches``
    come last, with what ``commits`` (by full id) knows of theirs.
    """
    listed = tuple(branches)
    theirs: dict[str, list[Environment]] = {}
    orphans: list[Environment] = []
    for environment in environments:
        branch = branch_of(environment, listed)
        (theirs.setdefault(branch.name, []) if branch is not None else orphans).append(environment)
    joined = [OverviewRow(branch, one) for branch in listed for one in theirs.get(branch.name) or (None,)]
    orphans.sort(key=lambda environment: environment.name)
    known = commits or {}
    return (*joined, *(OverviewRow(None, one, known.get(one.ownership.commit)) for one in orphans))


def without_remote_doubles(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """The branches without the remote ones that are here under their own name."""
    listed = tuple(branches)
    local = {branch.name for branch in listed if not branch.is_remote}
    return tuple(branch for branch in listed if branch.remote_name not in local)


def branch_of(environment: Environment, branches: Sequence[Branch]) -> Branch | None:
    """The branch whose row the environment is in, if it is among ``branches``."""
    name, commit = environment.ownership.branch, environment.ownership.commit
    fitting = [branch for branch in branches if name is not None and name in (branch.name, branch.remote_name)]
    fitting.sort(key=lambda branch: (branch.is_remote, branch.commit != commit))
    return next(iter(fitting), None)
