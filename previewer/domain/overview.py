"""Branches beside environments: the table that a user starts from."""

from __future__ import annotations

from collections.abc import Iterable

from previewer.domain.environment import Environment
from previewer.domain.revision import Branch
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A branch with one of its environments; at least one of the two is there."""

    branch: Branch | None
    environment: Environment | None

    @property
    def is_behind(self) -> bool:
        """Whether the environment runs an older commit than its branch's tip."""
        if self.branch is None or self.environment is None:
            return False
        return self.environment.ownership.commit != self.branch.commit


def overview(branches: Iterable[Branch], environments: Iterable[Environment]) -> tuple[OverviewRow, ...]:
    """Join by branch name. Branches keep their order; one with several environments has several rows.

    Environments of a tag, of a bare commit or of a branch that is gone come last.
    """
    by_branch: dict[str | None, list[Environment]] = {}
    for environment in environments:
        by_branch.setdefault(environment.ownership.branch, []).append(environment)
    rows: list[OverviewRow] = []
    for branch in branches:
        theirs = by_branch.pop(branch.name, [])
        rows.extend(OverviewRow(branch, environment) for environment in theirs)
        if not theirs:
            rows.append(OverviewRow(branch, None))
    orphans = sorted((e for rest in by_branch.values() for e in rest), key=lambda e: e.name)
    rows.extend(OverviewRow(None, environment) for environment in orphans)
    return tuple(rows)
