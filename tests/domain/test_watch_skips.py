from __future__ import annotations

import pytest
from hypothesis import given
from msgspec.structs import replace

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.watching import Attempt, Follow, Make, Progress, Remove, decide, find_skips
from previewer.domain.environment.environment import Environment
from tests.domain.test_watching import ATTEMPTS, NAME, NEW, NOW, OLD, RULES, UNIQUE, VIEWS, environment, view

TIPS = view({"feature/a": NEW})


@pytest.mark.parametrize(
    ("progress", "cause"),
    [
        (Progress.FAILED, "this commit failed before"),
        (Progress.TAKEN_DOWN, "its environment was taken down"),
        (Progress.WAITING, "there is no room for it"),
        (Progress.RUNNING, None),
    ],
)
def test_what_was_tried_is_skipped_with_the_reason(progress: Progress, cause: str | None) -> None:
    attempts = {NAME: Attempt("feature/a", NEW, progress)}
    for environments in ((), (environment("feature/a", OLD),)):
        found = find_skips(TIPS, environments, RULES, attempts)
        assert [skip.cause for skip in found] == ([cause] if cause else [])
        assert all("feature/a" in skip.hint or NAME in skip.hint or "doctor" in skip.hint for skip in found)


def test_another_commit_and_what_is_in_step_are_not_skipped() -> None:
    attempts = {NAME: Attempt("feature/a", OLD, Progress.FAILED)}
    assert find_skips(TIPS, (), RULES, attempts) == ()
    assert find_skips(TIPS, (environment("feature/a", NEW),), RULES, {}, has_capacity=False) == ()


def test_nothing_new_is_made_where_there_is_no_room_and_pushes_are_followed() -> None:
    branches = view({"feature/a": NEW, "feature/b": NEW})
    present = (environment("feature/a", OLD),)
    assert decide(branches, present, RULES, NOW, {}, has_capacity=False) == (Follow(NAME, "feature/a", NEW),)
    (skip,) = find_skips(branches, present, RULES, {}, has_capacity=False)
    assert (skip.branch, skip.progress) == ("feature/b", Progress.WAITING)


def test_a_name_that_is_taken_is_said() -> None:
    (skip,) = find_skips(TIPS, (environment("main", name=NAME, role=Role.STAGING),), RULES, {})
    assert skip.cause == f"{NAME} is an environment of something else"


@given(VIEWS, UNIQUE, ATTEMPTS)
def test_whatever_is_not_in_step_is_done_or_skipped(
    branches: BranchView, environments: list[Environment], attempts: dict[str, Attempt]
) -> None:
    rules = replace(RULES, limit=1000)
    actions = decide(branches, environments, rules, NOW, attempts)
    skipped = {skip.branch for skip in find_skips(branches, environments, rules, attempts)}
    done = {action.branch for action in actions if isinstance(action, Make | Follow)}
    going = {action.branch for action in actions if isinstance(action, Remove)}
    running = {name for name, attempt in attempts.items() if attempt.progress is Progress.RUNNING}
    for branch, tip in branches.tips.items():
        own = [e for e in environments if e.role is Role.PREVIEW and e.ownership.branch == branch]
        is_wanted = rules.covers(branch) and not branches.is_merged(branch)
        is_busy = bool(running & {environment("x", name=e.name).name for e in own}) or branch in going
        if is_wanted and not is_busy and not any(e.ownership.commit == tip for e in own):
            names = {e.name for e in own} or {environment(branch).name}
            assert branch in done | skipped or names & running
        if not is_wanted:
            assert branch not in skipped
