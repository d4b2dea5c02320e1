from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.watching import (
    Attempt,
    Cancel,
    Follow,
    Make,
    Progress,
    Remove,
    WatchAction,
    WatchRules,
    decide,
)
from previewer.domain.environment.environment import Environment, State
from previewer.domain.labels import Ownership
from previewer.domain.naming import environment_name
from previewer.domain.record.notes import EnvironmentNotes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = WatchRules("shop", ("feature/*",), limit=2)
OLD, NEW = "a" * 40, "b" * 40


def environment(
    branch: str | None,
    commit: str = OLD,
    *,
    name: str | None = None,
    role: Role = Role.PREVIEW,
    expires_at: datetime | None = None,
    pinned: bool = False,
) -> Environment:
    ownership = Ownership(
        installation="i",
        project="shop",
        environment=name or environment_name("shop", branch or commit[:12]),
        role=role,
        generation=1,
        branch=branch,
        commit=commit,
        release="sha256:1",
        owner="ada",
        created_at=NOW - timedelta(days=1),
        expires_at=expires_at,
        operation="o",
    )
    return Environment(ownership, State.RUNNING, (), EnvironmentNotes(1, pinned=pinned))


def view(tips: Mapping[str, str], *, merged: frozenset[str] = frozenset(), complete: bool = True) -> BranchView:
    return BranchView(tips, frozenset(tips) | {"main"}, merged, "main", complete)


def acts(
    branches: BranchView, *environments: Environment, attempts: Mapping[str, Attempt] | None = None
) -> tuple[WatchAction, ...]:
    return decide(branches, environments, RULES, NOW, attempts or {})


NAME = environment_name("shop", "feature/a")


def test_a_branch_without_an_environment_gets_one() -> None:
    assert acts(view({"feature/a": OLD, "main": OLD, "other": OLD})) == (Make(NAME, "feature/a", OLD),)


def test_a_push_replaces() -> None:
    assert acts(view({"feature/a": NEW}), environment("feature/a")) == (Follow(NAME, "feature/a", NEW),)


def test_what_is_in_step_is_left_alone() -> None:
    assert acts(view({"feature/a": OLD}), environment("feature/a")) == ()


def test_what_was_given_another_name_is_followed_under_that() -> None:
    mine = environment("feature/a", name="demo")
    assert acts(view({"feature/a": NEW}), mine) == (Follow("demo", "feature/a", NEW),)


def test_merged_gone_and_expired_ones_go() -> None:
    tips = {"feature/a": OLD}
    late = environment("feature/a", expires_at=NOW)
    assert acts(view(tips, merged=frozenset(tips)), environment("feature/a")) == (
        Remove(NAME, "feature/a", "its branch feature/a is merged"),
    )
    assert acts(view({}), environment("feature/a")) == (Remove(NAME, "feature/a", "its branch feature/a is gone"),)
    assert acts(view(tips), late) == (Remove(NAME, "feature/a", "it expired at 2026-03-01T12:00:00Z"),)
    assert acts(view({"feature/a": NEW}), late) == (Follow(NAME, "feature/a", NEW),), "a push gives it new life"


def test_a_clone_that_does_not_know_all_branches_removes_none_as_gone() -> None:
    assert acts(view({}, complete=False), environment("feature/a")) == ()


def test_a_pinned_one_stays_but_follows() -> None:
    pinned = environment("feature/a", pinned=True, expires_at=NOW)
    assert acts(view({}), pinned) == ()
    assert acts(view({"feature/a": NEW}), pinned) == (Follow(NAME, "feature/a", NEW),)


def test_what_failed_or_was_taken_down_waits_for_another_commit() -> None:
    for progress in (Progress.FAILED, Progress.TAKEN_DOWN):
        attempts = {NAME: Attempt("feature/a", OLD, progress)}
        assert acts(view({"feature/a": OLD}), attempts=attempts) == ()
        assert acts(view({"feature/a": NEW}), attempts=attempts) == (Make(NAME, "feature/a", NEW),)


def test_a_newer_commit_cancels_what_is_under_way() -> None:
    attempts = {NAME: Attempt("feature/a", OLD, Progress.RUNNING)}
    assert acts(view({"feature/a": OLD}), attempts=attempts) == ()
    found = acts(view({"feature/a": NEW}), attempts=attempts)
    assert found == (Cancel(NAME, "its branch feature/a has a newer commit"),)


def test_a_removal_that_failed_is_not_repeated_at_once() -> None:
    attempts = {NAME: Attempt("feature/a", "", Progress.FAILED)}
    assert acts(view({}), environment("feature/a"), attempts=attempts) == ()


def test_a_name_that_is_taken_is_left_alone() -> None:
    staging = environment("main", name=NAME, role=Role.STAGING)
    assert acts(view({"feature/a": NEW}), staging) == ()


BRANCHES = st.sampled_from([f"feature/{letter}" for letter in "abcd"] + ["main", "fix/x"])
COMMITS = st.sampled_from([OLD, NEW])
ENVIRONMENTS = st.builds(
    environment,
    st.one_of(st.none(), BRANCHES),
    COMMITS,
    role=st.sampled_from(Role),
    expires_at=st.sampled_from([None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)]),
    pinned=st.booleans(),
)
VIEWS = st.builds(view, st.dictionaries(BRANCHES, COMMITS), merged=st.frozensets(BRANCHES), complete=st.booleans())
ATTEMPTS = st.dictionaries(
    BRANCHES.map(lambda branch: environment_name("shop", branch)),
    st.builds(Attempt, BRANCHES, COMMITS, st.sampled_from(Progress)),
)
UNIQUE = st.lists(ENVIRONMENTS, unique_by=lambda e: e.name)


@given(VIEWS, UNIQUE, ATTEMPTS)
def test_nothing_but_previews_of_watched_branches_is_touched(
    branches: BranchView, environments: list[Environment], attempts: dict[str, Attempt]
) -> None:
    others = {e.name for e in environments if e.role is not Role.PREVIEW or not RULES.covers(e.ownership.branch)}
    actions = acts(branches, *environments, attempts=attempts)
    assert not others & {action.environment for action in actions if not isinstance(action, Cancel)}
    pinned = {e.name for e in environments if e.notes.pinned}
    assert not pinned & {action.environment for action in actions if isinstance(action, Remove)}


@given(VIEWS, UNIQUE, ATTEMPTS)
def test_never_more_than_the_limit_at_once(
    branches: BranchView, environments: list[Environment], attempts: dict[str, Attempt]
) -> None:
    actions = acts(branches, *environments, attempts=attempts)
    begun = sum(isinstance(action, Make | Follow) for action in actions)
    running = sum(attempt.progress is Progress.RUNNING for attempt in attempts.values())
    assert begun == 0 or begun + running <= RULES.limit
    assert len({action.environment for action in actions}) == len(actions), "one thing at a time"


@given(VIEWS, UNIQUE)
def test_it_comes_to_rest(branches: BranchView, environments: list[Environment]) -> None:
    """Done again and again, the decision soon has nothing left to do, and then never again."""
    present = {e.name: e for e in environments}
    attempts: dict[str, Attempt] = {}
    for _round in range(10):
        actions = acts(branches, *present.values(), attempts=attempts)
        for action in actions:
            if isinstance(action, Remove):
                gone = present.pop(action.environment)
                commit = gone.ownership.commit
                attempts[action.environment] = Attempt(action.branch, commit, Progress.TAKEN_DOWN)
            elif isinstance(action, Make | Follow):
                made = environment(action.branch, action.commit, name=action.environment)
                old = present.get(action.environment)
                present[action.environment] = replace(made, notes=old.notes) if old else made
    assert acts(branches, *present.values(), attempts=attempts) == ()
