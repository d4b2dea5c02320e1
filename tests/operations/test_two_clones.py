"""Two clones of one repository on one engine: each has a ledger of its own, and both see the same environments."""

from __future__ import annotations

from copy import copy
from datetime import timedelta

import pytest

from previewer.domain.compose.definition import Role
from previewer.domain.drift.frozen import own_entries, own_windows
from previewer.domain.environment.environment import State
from previewer.domain.progress import Noted
from previewer.domain.record.notes import LedgerEntry
from previewer.engine.protocol import Selection
from previewer.errors import LockedError, NotFoundError, ObjectNotFoundError
from previewer.operations.extend import pin
from previewer.testing.memory.session import memory_session
from tests.domain.values import make_ownership
from tests.operations.releasing import ReleasingShop


def other_clone(shop: ReleasingShop) -> ReleasingShop:
    """Another user's shop on the same engine."""
    found = copy(shop)
    found.source = copy(shop.source)
    found.source.location = found.source.shared_folder = "/elsewhere"
    found.session = memory_session(source=found.source, engine=shop.engine, images=shop.images)
    found.events = []
    return found


def reported(shop: ReleasingShop) -> list[str]:
    return [event.message for event in shop.events if isinstance(event, Noted)]


def test_the_working_trees_of_one_clone_are_one() -> None:
    shop = ReleasingShop()
    operation = shop.session.new_operation()
    source = copy(shop.source)
    source.location = "/other/working/tree"
    assert memory_session(source=source, engine=shop.engine, images=shop.images).began(operation)
    assert not other_clone(shop).session.began(operation)


def test_both_see_it_and_either_takes_it_down() -> None:
    shop = ReleasingShop()
    other = other_clone(shop)
    shop.up()
    assert list(other.environments()) == ["shop-main"]
    other.down("main")
    assert shop.is_clean()
    assert shop.down("main").already_gone == ("shop-main",)


def test_who_has_not_got_the_release_is_told_what_helps() -> None:
    shop = ReleasingShop()
    other = other_clone(shop)
    shop.up()
    with pytest.raises(NotFoundError, match="another clone made it") as caught:
        other.replace("shop-main")
    assert "`previewer up main`" in (caught.value.hint or "")
    other.up()
    assert other.replace("shop-main").environment.ownership.generation == 2


def test_what_another_clone_keeps_is_no_unfinished_command() -> None:
    shop = ReleasingShop()
    other = other_clone(shop)
    shop.stage()
    shop.commit("second")
    shop.stage()
    pin(other.session, "staging")
    other.up(role=Role.STAGING)
    assert "another clone left something of shop-staging: generation 1 is removed" in reported(other)
    assert not any("did not come to its end" in line for line in reported(other))
    generations = {owner.generation for owner in shop.engine.observe(Selection()).owners}
    assert generations == {2}
    assert shop.rollback("staging").environment.ownership.generation == 3, "it is recreated"


def test_a_predecessor_that_another_clone_removes_leaves_nothing_of_its_successor() -> None:
    shop = ReleasingShop()
    shop.stage()

    def lose(called: str, name: str) -> None:
        if called == "stop_container" and name in shop.engine._containers:
            del shop.engine._containers[name]
        if called in ("stop_container", "start_container") and name not in shop.engine._containers:
            raise ObjectNotFoundError("No such container", where=name)

    shop.engine._on_call = lose
    shop.commit("second")
    with pytest.raises(LockedError, match="objects were removed"):
        shop.stage()
    assert {owner.generation for owner in shop.engine.observe(Selection()).owners} == {1}


@pytest.mark.parametrize(
    ("entries", "action", "minute", "is_own"),
    [
        ({}, "kill", 99, True),
        ({}, "start", 99, True),
        ({}, "exec_create", 99, False),
        ({}, "commit", 99, False),
        ({30: "taint"}, "kill", 99, True),
        ({1: "up"}, "kill", 99, False),
    ],
)
def test_what_another_clone_stops_and_starts_no_branch_s_touch(
    entries: dict[int, str], action: str, minute: int, is_own: bool
) -> None:
    owner = make_ownership()
    said = [
        LedgerEntry(word, owner.created_at + timedelta(minutes=at), "ada", owner.environment)
        for at, word in entries.items()
    ]
    timestamp = owner.created_at + timedelta(minutes=minute)
    windows = own_windows(own_entries(owner, said), owner.created_at, is_ours=False)
    assert any(window.covers(action, timestamp) for window in windows) is is_own


def test_a_volume_that_another_clone_removes_is_missed_and_does_not_come_back() -> None:
    shop = ReleasingShop()
    lost: list[str] = []

    def lose(called: str, name: str) -> None:
        if called == "create_container" and "-g2-" in name and not lost:
            (volume,) = (name for name in shop.engine._volumes if "-g2_" in name)
            lost.append(volume)
            del shop.engine._volumes[volume]

    shop.up()
    shop.commit("second")
    shop.engine._on_call = lose
    with pytest.raises(LockedError, match="objects were removed while they were being made"):
        shop.up()
    assert lost[0] in shop.calls("remove_volume"), "the engine may have made it again, without a label"
    assert {owner.generation for owner in shop.engine.observe(Selection()).owners} == {1}
    assert shop.environments()["shop-main"].state is State.RUNNING
