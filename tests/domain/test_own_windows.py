"""When previewer itself was at work, as the ledger tells: what happened then was no change by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from previewer.domain.drift.frozen import OwnWindow, own_entries, own_windows
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import EnvironmentNotes, LedgerEntry
from previewer.domain.stored import from_bytes, to_bytes
from tests.domain.values import make_ownership


def windows_of(owner: Ownership, entries: Sequence[LedgerEntry]) -> tuple[OwnWindow, ...]:
    own = own_entries(owner, entries)
    return tuple(own_windows(own, own.created_at))


@pytest.mark.parametrize(
    ("entries", "action", "minute", "is_own"),
    [
        ({}, "start", 5, True),
        ({}, "kill", 5, False),
        ({1: "up"}, "start", 1, True),
        ({1: "up"}, "start", 2, False),
        ({1: "up", 30: "sleep"}, "kill", 31, True),
        ({1: "up", 30: "sleep"}, "kill", 20, True),
        ({1: "up", 30: "sleep"}, "kill", 10, False),
        ({1: "up", 30: "sleep"}, "exec_create", 30, False),
        ({1: "up", 30: "sleep", 32: "wake"}, "start", 32, True),
        ({1: "up", 30: "taint"}, "kill", 30, False),
        ({1: "up", 30: "rollback"}, "stop", 29, True),
    ],
)
def test_what_previewer_did_itself_is_known_from_the_ledger(
    entries: dict[int, str], action: str, minute: int, is_own: bool
) -> None:
    owner = make_ownership()
    said = [
        LedgerEntry(word, owner.created_at + timedelta(minutes=at), "ada", owner.environment)
        for at, word in entries.items()
    ]
    timestamp = owner.created_at + timedelta(minutes=minute)
    assert any(window.covers(action, timestamp) for window in windows_of(owner, said)) is is_own


@pytest.mark.parametrize(("live", "is_own"), [(2, True), (1, False)])
def test_what_is_kept_is_stopped_after_its_successor_is_noted(live: int, is_own: bool) -> None:
    owner = make_ownership(generation=1)
    made, replaced = owner.created_at, owner.created_at + timedelta(hours=1)
    said = [
        LedgerEntry(
            "replace", replaced, "ada", owner.environment, notes={owner.environment: EnvironmentNotes(live)}
        ),
        LedgerEntry("up", made, "ada", owner.environment),
    ]
    timestamp = replaced + timedelta(seconds=30)
    assert any(window.covers("kill", timestamp) for window in windows_of(owner, said)) is is_own


@pytest.mark.parametrize("step", [timedelta(), timedelta(seconds=-30), timedelta(hours=-5)])
def test_a_clock_that_is_set_back_while_it_is_made_makes_no_touch_of_our_own(step: timedelta) -> None:
    owner = make_ownership()
    up = owner.created_at + timedelta(seconds=10) + step
    asleep = up + timedelta(hours=1)
    name, notes = owner.environment, EnvironmentNotes(owner.generation)
    entries = [
        LedgerEntry("wake", asleep + timedelta(minutes=1), "ada", name, notes={name: notes}),
        LedgerEntry("sleep", asleep, "ada", name, notes={name: notes}),
        LedgerEntry("up", up, "ada", name, notes={name: notes}),
        LedgerEntry("down", owner.created_at - timedelta(days=1), "ada", name),
    ]
    windows = windows_of(owner, entries)
    kills = [asleep + timedelta(seconds=seconds) for seconds in (1, -1200)]
    assert [any(window.covers("kill", at) for window in windows) for at in kills] == [True, False]


@pytest.mark.parametrize("wrong", [-3600, -30, 0, 30, 3600])
@pytest.mark.parametrize("wrong_today", [-3600, 0, 30])
def test_a_clock_that_was_wrong_when_it_was_made_is_not_compared_with_today_s(
    wrong: int, wrong_today: int
) -> None:
    """The engine's clock is right; the user's is wrong by so many seconds at `up` and by others today."""
    then, today = timedelta(seconds=wrong), timedelta(seconds=wrong_today)
    right = make_ownership().created_at
    owner = replace(make_ownership(), created_at=right + then)
    name, notes = owner.environment, EnvironmentNotes(owner.generation)
    entries = [
        LedgerEntry(word, right + then + after, "ada", name, notes={name: notes}, engine_ahead=-wrong * 1000)
        for word, after in (("sleep", timedelta(hours=2)), ("up", timedelta(seconds=9)))
    ]
    own = own_entries(owner, entries, engine_ahead=-today)
    assert own.created_at == right + today
    windows = tuple(own_windows(own, right + today))
    seen = [("start", 8), ("start", 20), ("kill", 2 * 3600 + 1), ("kill", 1800), ("kill", 4 * 3600)]
    events = [
        any(w.covers(act, right + today + timedelta(seconds=second)) for w in windows) for act, second in seen
    ]
    assert events == [True, False, True, False, False]


def test_a_moment_that_the_ledger_tells_is_exact() -> None:
    owner = make_ownership()
    begun = owner.created_at + timedelta(minutes=30)
    entries = [
        LedgerEntry("up", owner.created_at, "ada", owner.environment),
        LedgerEntry("sleep", begun, "ada", owner.environment, began=begun),
        LedgerEntry(
            "wake", begun + timedelta(seconds=70), "ada", owner.environment, began=begun + timedelta(minutes=1)
        ),
    ]
    windows = windows_of(owner, entries)
    events = {
        (action, second): any(w.covers(action, begun + timedelta(seconds=second)) for w in windows)
        for action, second in (
            ("kill", -5),
            ("kill", 5),
            ("kill", 65),
            ("start", 55),
            ("start", 65),
            ("start", 80),
        )
    }
    assert events == {
        ("kill", -5): False,
        ("kill", 5): True,
        ("kill", 65): False,
        ("start", 55): False,
        ("start", 65): True,
        ("start", 80): False,
    }


def test_stopped_and_started_within_one_second_are_both_our_own() -> None:
    owner = make_ownership()
    second = owner.created_at + timedelta(minutes=30)
    name = owner.environment
    stopped, woken = (second + timedelta(seconds=part) for part in (0.6, 0.9))
    events = [
        LedgerEntry("wake", woken, "ada", name, began=woken),
        LedgerEntry("sleep", stopped, "ada", name, began=second),
        LedgerEntry("up", owner.created_at, "ada", name),
    ]
    windows = windows_of(owner, [from_bytes(to_bytes(entry), LedgerEntry) for entry in events])
    assert any(window.covers("kill", stopped) for window in windows), "the ledger cuts moments off to a second"


def test_a_generation_that_is_replaced_within_a_second_does_not_end_the_making_of_the_next() -> None:
    owner = make_ownership(generation=2)
    name = owner.environment
    done = owner.created_at + timedelta(seconds=3)
    events = [
        LedgerEntry("replace", done, "ada", name, notes={name: EnvironmentNotes(2)}),
        LedgerEntry("up", owner.created_at, "ada", name, notes={name: EnvironmentNotes(1)}),
    ]
    making = next(window for window in windows_of(owner, events) if window.once)
    assert making.end >= done
