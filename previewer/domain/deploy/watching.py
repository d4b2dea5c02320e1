"""How environments are kept up to date with branches, and which branches are skipped, and why."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.environment.ending import Ends, why_ended
from previewer.domain.environment.environment import Environment
from previewer.domain.glob import any_glob_matches
from previewer.domain.naming import environment_name

_OUTLIVED = Ends(merged=True, branch_gone=True)
_EXPIRED = Ends(expired=True)


class Progress(Enum):
    """How far an attempt has come."""

    RUNNING = "running"
    FAILED = "failed"
    """It is not repeated until the branch has another commit."""
    TAKEN_DOWN = "taken down"
    """The environment of this commit was removed, by whomever: it does not come back until there is another."""
    WAITING = "waiting"
    """There was no room for it."""


class Attempt(Struct, frozen=True):
    """What was last tried for one environment."""

    branch: str
    commit: str
    """Empty for the removal of an environment, which is then not to be tried again either."""
    progress: Progress


class WatchRules(Struct, frozen=True):
    """What is watched."""

    project: str
    patterns: tuple[str, ...]
    """Globs: branches that get an environment."""
    limit: int = 2
    """Environments that are brought up at the same time."""

    def covers(self, branch: str | None) -> bool:
        """Whether a branch is watched."""
        return branch is not None and any_glob_matches(self.patterns, branch)


class Make(Struct, frozen=True):
    """Bring up the environment of a branch that has none."""

    environment: str
    branch: str
    commit: str


class Follow(Struct, frozen=True):
    """Replace an environment: its branch has another commit now."""

    environment: str
    branch: str
    commit: str


class Remove(Struct, frozen=True):
    """Remove an environment that has outlived its purpose."""

    environment: str
    branch: str
    cause: str
    """Ends the sentence "… because"."""


class Cancel(Struct, frozen=True):
    """Stop what is being brought up: it is not wanted any more."""

    environment: str
    cause: str


WatchAction: TypeAlias = Make | Follow | Remove | Cancel


def decide(
    branches: BranchView,
    environments: Iterable[Environment],
    rules: WatchRules,
    now: datetime,
    attempts: Mapping[str, Attempt],
    *,
    has_capacity: bool = True,
) -> tuple[WatchAction, ...]:
    """What is to be done so that watched branches and their previews are in step; nothing where they are.

    ``environments`` are all of the repository's, ``attempts`` by environment. Only previews of watched branches
    are ever touched, and of those that are pinned only the commit is kept in step. What is being brought up counts
    towards the limit until it has ended, cancelled or not. Unless it ``has_capacity``, nothing new is made.
    """
    present = {environment.name: environment for environment in environments}
    previews = watched_previews(present.values(), rules)
    running = {name: a for name, a in attempts.items() if a.progress is Progress.RUNNING}
    bringing_up = {name: attempt for name, attempt in running.items() if attempt.commit}
    cancels = list(_cancels(branches, bringing_up))
    held = {name for name, attempt in attempts.items() if not attempt.commit}
    removes = [
        r for e in previews if e.name not in running.keys() | held and (r := _remove(e, branches, now)) is not None
    ]
    going = {remove.environment for remove in removes}
    staying = [e for e in previews if e.name not in going and e.name not in running]
    decisions: list[WatchAction] = [
        *_follows(staying, branches, attempts),
        *(_makes(present, previews, branches, rules, attempts) if has_capacity else ()),
    ]
    free = max(0, rules.limit - len(bringing_up))
    return (*cancels, *removes, *decisions[:free])


def watched_previews(environments: Iterable[Environment], rules: WatchRules) -> list[Environment]:
    """All that is ever touched."""
    return [e for e in environments if e.role is Role.PREVIEW and rules.covers(e.ownership.branch)]


def _cancels(branches: BranchView, running: Mapping[str, Attempt]) -> Iterator[Cancel]:
    for name, attempt in sorted(running.items()):
        tip = branches.tips.get(attempt.branch)
        if branches.is_gone(attempt.branch):
            yield Cancel(name, f"its branch {attempt.branch} is gone")
        elif tip is not None and tip != attempt.commit:
            yield Cancel(name, f"its branch {attempt.branch} has a newer commit")


def _remove(environment: Environment, branches: BranchView, now: datetime) -> Remove | None:
    """A new commit gives an expired environment another life, so that it is followed and not removed."""
    branch = environment.ownership.branch
    if branch is None or environment.notes.pinned:
        return None
    cause = why_ended(environment, _OUTLIVED, branches, now)
    if cause is None and branches.tips.get(branch, environment.ownership.commit) == environment.ownership.commit:
        cause = why_ended(environment, _EXPIRED, branches, now)
    return Remove(environment.name, branch, cause) if cause is not None else None


def _follows(
    staying: Iterable[Environment], branches: BranchView, attempts: Mapping[str, Attempt]
) -> Iterator[Follow]:
    for environment in sorted(staying, key=lambda environment: environment.name):
        name, branch = environment.name, environment.ownership.branch or ""
        if is_behind(environment, branches) and not was_tried(attempts.get(name), branches.tips[branch]):
            yield Follow(name, branch, branches.tips[branch])


def is_behind(environment: Environment, branches: BranchView) -> bool:
    """Whether the branch has another commit by now."""
    branch = environment.ownership.branch or ""
    tip = branches.tips.get(branch)
    return tip is not None and tip != environment.ownership.commit and not branches.is_merged(branch)


def _makes(
    present: Mapping[str, Environment],
    previews: Iterable[Environment],
    branches: BranchView,
    rules: WatchRules,
    attempts: Mapping[str, Attempt],
) -> Iterator[Make]:
    has_one = {environment.ownership.branch for environment in previews}
    for name, branch in branches_without(has_one, branches, rules):
        tip = branches.tips[branch]
        # A name that something else has, staging say, is left alone.
        if name not in present and not was_tried(attempts.get(name), tip):
            yield Make(name, branch, tip)


def branches_without(
    has_one: Container[str | None], branches: BranchView, rules: WatchRules
) -> Iterator[tuple[str, str]]:
    """The watched branches that have no environment and should, each after the name that it would get."""
    for branch in sorted(branches.tips):
        if branch not in has_one and rules.covers(branch) and not branches.is_merged(branch):
            yield environment_name(rules.project, branch), branch


def was_tried(attempt: Attempt | None, tip: str) -> bool:
    """Whether this very commit was, or whether any is being tried at this moment."""
    return attempt is not None and (attempt.commit == tip or attempt.progress is Progress.RUNNING)


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


class Skip(Struct, frozen=True):
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
    has_capacity: bool = True,
) -> tuple[Skip, ...]:
    """The branches for which :func:`decide` does nothing though they are not in step.

    Both are given the same. What waits only for its turn is not among them.
    """
    present = {environment.name: environment for environment in environments}
    previews = watched_previews(present.values(), rules)
    behind = {e.name: e.ownership.branch or "" for e in previews if is_behind(e, branches)}
    missing = dict(branches_without({e.ownership.branch for e in previews}, branches, rules))
    skips = []
    for name, branch in sorted({**missing, **behind}.items()):
        tip = branches.tips[branch]
        if name in missing and name in present:
            skips.append(Skip(name, branch, tip, None, f"{name} is an environment of something else"))
            continue
        progress = _progress(attempts.get(name), tip)
        if progress is None and name in missing and not has_capacity:
            progress = Progress.WAITING
        if progress in _CAUSES:
            skips.append(Skip(name, branch, tip, progress, _CAUSES[progress]))
    return tuple(skips)


def _progress(attempt: Attempt | None, tip: str) -> Progress | None:
    return attempt.progress if attempt is not None and was_tried(attempt, tip) else None
