"""Which watched branches are not brought in step, and why: for whoever wonders where an environment is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from previewer.domain.branch_state import BranchView
from previewer.domain.environment import Environment
from previewer.domain.watching import (
    Attempt,
    Progress,
    WatchRules,
    branches_without,
    is_behind,
    was_tried,
    watched_previews,
)
from previewer.frozen import dataclass

_CAUSES = {
    Progress.FAILED: "this commit failed before",
    Progress.TAKEN_DOWN: "its environment was taken down",
    Progress.WAITING: "there is no room for it",
}
_HINTS = {
    Progress.FAILED: "`previewer history {name}` says why; another commit is tried",
    Progress.TAKEN_DOWN: "another commit brings it back, and `previewer up {branch}` does now",
    Progress.WAITING: "they wait; `previewer doctor` says what is short",
    None: "`previewer ls` lists it",
}


@dataclass(frozen=True, slots=True)
class Skip:
    """A watched branch whose newest commit is not brought up."""

    environment: str
    branch: str
    commit: str
    progress: Progress | None
    """How far it came; ``None`` where its name is an environment of something else."""
    cause: str
    """Ends the sentence "… because"."""

    @property
    def hint(self) -> str:
        """What can be done about it."""
        return _HINTS[self.progress].format(name=self.environment, branch=self.branch)


def find_skips(
    branches: BranchView,
    environments: Iterable[Environment],
    rules: WatchRules,
    attempts: Mapping[str, Attempt],
    *,
    has_room: bool = True,
) -> tuple[Skip, ...]:
    """The branches for which :func:`~previewer.domain.watching.decide` does nothing though they are not in step.

    Both are given the same. What waits only for its turn is not among them.
    """
    present = {environment.name: environment for environment in environments}
    previews = watched_previews(present.values(), rules)
    behind = {e.name: e.ownership.branch or "" for e in previews if is_behind(e, branches)}
    missing = dict(branches_without({e.ownership.branch for e in previews}, branches, rules))
    found = []
    for name, branch in sorted({**missing, **behind}.items()):
        tip = branches.tips[branch]
        if name in missing and name in present:
            found.append(Skip(name, branch, tip, None, f"{name} is an environment of something else"))
            continue
        progress = _progress(attempts.get(name), tip)
        if progress is None and name in missing and not has_room:
            progress = Progress.WAITING
        if progress in _CAUSES:
            found.append(Skip(name, branch, tip, progress, _CAUSES[progress]))
    return tuple(found)


def _progress(attempt: Attempt | None, tip: str) -> Progress | None:
    return attempt.progress if attempt is not None and was_tried(attempt, tip) else None
