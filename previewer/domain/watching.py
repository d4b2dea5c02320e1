"""How environments are kept in step with branches: one decision from one look at both. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from previewer.domain.branch_state import BranchView
from previewer.domain.definition import Role
from previewer.domain.ending import Ends, why_ended
from previewer.domain.environment import Environment
from previewer.domain.glob import any_glob_matches
from previewer.domain.naming import environment_name
from previewer.frozen import dataclass

_OUTLIVED = Ends(merged=True, branch_gone=True)
_EXPIRED = Ends(expired=True)


class Progress(Enum):
    """How far an attempt has come."""

    RUNNING = "running"
    FAILED = "failed"
    """It is not repeated until the branch has another commit."""
    TAKEN_DOWN = "taken down"
    """The environment of this commit was removed, by whomever: it does not come back until there is another."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was last tried for one environment."""

    branch: str
    commit: str
    """Empty for the removal of an environment, which is then not to be tried again either."""
    progress: Progress


@dataclass(frozen=True, slots=True)
class WatchRules:
    """What is watched."""

    project: str
    patterns: tuple[str, ...]
    """Globs: branches that get an environment."""
    limit: int = 2
    """Environments that are brought up at the same time."""

    def covers(self, branch: str | None) -> bool:
        """Whether a branch is watched."""
        return branch is not None and any_glob_matches(self.patterns, branch)


@dataclass(frozen=True, slots=True)
class Make:
    """Bring up the environment of a branch that has none."""

    environment: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Follow:
    """Replace an environment: its branch has another commit now."""

    environment: str
    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove an environment that has outlived its purpose."""

    environment: str
    branch: str
    cause: str
    """Ends the sentence "… because"."""


@dataclass(frozen=True, slots=True)
class Cancel:
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
) -> tuple[WatchAction, ...]:
    """What is to be done so that watched branches and their previews are in step; nothing where they are.

    ``environments`` are all of the repository's, ``attempts`` by environment. Only previews of watched branches
    are ever touched, and of those that are pinned only the commit is kept in step. What is being brought up counts
    towards the limit until it has come to its end, cancelled or not.
    """
    present = {environment.name: environment for environment in environments}
    previews = [e for e in present.values() if e.role is Role.PREVIEW and rules.covers(e.ownership.branch)]
    running = {name: a for name, a in attempts.items() if a.progress is Progress.RUNNING}
    bringing_up = {name: attempt for name, attempt in running.items() if attempt.commit}
    cancels = list(_cancels(branches, bringing_up))
    held = {name for name, attempt in attempts.items() if not attempt.commit}
    removes = [
        r for e in previews if e.name not in running.keys() | held and (r := _remove(e, branches, now)) is not None
    ]
    going = {remove.environment for remove in removes}
    staying = [e for e in previews if e.name not in going and e.name not in running]
    wanted: list[WatchAction] = [
        *_follows(staying, branches, attempts),
        *_makes(present, previews, branches, rules, attempts),
    ]
    free = max(0, rules.limit - len(bringing_up))
    return (*cancels, *removes, *wanted[:free])


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
        branch = environment.ownership.branch or ""
        tip = branches.tips.get(branch)
        if tip is None or tip == environment.ownership.commit or branches.is_merged(branch):
            continue
        if not _was_tried(attempts.get(environment.name), tip):
            yield Follow(environment.name, branch, tip)


def _makes(
    present: Mapping[str, Environment],
    previews: Iterable[Environment],
    branches: BranchView,
    rules: WatchRules,
    attempts: Mapping[str, Attempt],
) -> Iterator[Make]:
    has_one = {environment.ownership.branch for environment in previews}
    for branch, tip in sorted(branches.tips.items()):
        if branch in has_one or not rules.covers(branch) or branches.is_merged(branch):
            continue
        name = environment_name(rules.project, branch)
        # A name that something else has, staging say, is left alone.
        if name not in present and not _was_tried(attempts.get(name), tip):
            yield Make(name, branch, tip)


def _was_tried(attempt: Attempt | None, tip: str) -> bool:
    """Whether this very commit was, or whether any is being tried at this moment."""
    return attempt is not None and (attempt.commit == tip or attempt.progress is Progress.RUNNING)
