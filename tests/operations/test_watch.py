from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.engine.capacity import Quota
from previewer.domain.progress import Event, Noted
from previewer.domain.record.notes import LedgerEntry
from previewer.errors import SourceError, UsageError
from previewer.operations.watch import watch as watch_module
from previewer.operations.watch.watch import WatchOptions, WatchResult, plan_watch, watch
from previewer.session.run import Run
from previewer.session.session import _Once
from previewer.settings.model import Settings
from previewer.testing.memory.session import memory_session
from tests.eventually import eventually
from tests.operations.shop import FILES, Shop

ONCE = WatchOptions(("feature/*",), once=True, interval=5)
PATIENCE = 60.0


def once(shop: Shop, options: WatchOptions = ONCE) -> WatchResult:
    return watch(Run(shop.session, shop.report), options)


def notes(shop: Shop) -> list[Noted]:
    return [event for event in shop.events if isinstance(event, Noted)]


def test_branches_get_environments_and_that_is_all() -> None:
    shop = Shop()
    (planned,) = plan_watch(shop.session, ONCE)
    assert planned.endswith("(feature/a)")
    assert len(once(shop).up) == 1
    assert [e.ownership.branch for e in shop.environments().values()] == ["feature/a"]
    again = once(shop)
    assert (again.up, again.removed, again.failed) == ([], [], [])


def test_a_push_replaces_and_a_merge_removes() -> None:
    shop = Shop()
    once(shop)
    new = shop.source.commit("feature/a", {**FILES, "web/page.html": "new"})
    once(shop)
    assert [e.ownership.commit for e in shop.environments().values()] == [new.id]
    shop.source.merged.add("feature/a")
    assert len(once(shop).removed) == 1
    assert shop.is_clean()
    assert "is merged" in shop.session.ledger.entries()[0].detail


def test_what_was_removed_by_hand_comes_back_with_the_next_commit_only() -> None:
    shop = Shop()
    (name,) = once(shop).up
    shop.down(name)
    assert once(shop).up == []
    shop.source.commit("feature/a", {**FILES, "web/page.html": "new"})
    assert once(shop).up == [name]


def test_one_that_fails_does_not_stop_the_others_and_is_not_repeated() -> None:
    shop = Shop()
    shop.source.commit("feature/0-broken", {"compose.yaml": "services: {web: {imag: x}}"})
    first = once(shop)
    assert (len(first.up), len(first.failed)) == (1, 1)
    assert shop.session.ledger.entries(limit=9)[-1].action in {"fail", "freeze"}
    second = once(shop)
    assert (second.up, second.failed) == ([], [])
    shop.source.commit("feature/0-broken", FILES)
    assert len(once(shop).up) == 1


def test_staging_and_what_is_not_watched_stay() -> None:
    shop = Shop()
    shop.up("main")
    shop.source.commit("feature/a", {**FILES, "envs/staging.yaml": "include: [../compose.yaml]\n"})
    shop.up("feature/a", role=Role.STAGING)
    shop.source.delete_branch("feature/a")
    assert once(shop).removed == []
    assert set(shop.environments()) == {"shop-main", "shop-staging"}


def test_what_is_left_alone_is_said_once() -> None:
    shop = Shop()
    (name,) = once(shop).up
    shop.down(name)
    shop.events.clear()
    once(shop)
    (note,) = notes(shop)
    assert note.message.endswith("(feature/a) because its environment was taken down")
    assert "previewer up feature/a" in note.hint
    assert plan_watch(shop.session, ONCE) == (note.message,)


def test_a_tag_of_the_same_name_does_not_mislead() -> None:
    shop = Shop()
    shop.source.tag("feature/a", shop.source.resolve("main").commit)
    once(shop)
    (made,) = shop.environments().values()
    assert made.ownership.commit == shop.source.resolve("refs/heads/feature/a").commit.id
    again = once(shop)
    assert (again.up, again.failed) == ([], [])


def test_the_definition_that_was_chosen_is_followed() -> None:
    shop = Shop()
    included = "include: [../compose.yaml]\n"
    files = {**FILES, "envs/preview.yaml": included, "envs/demo.yaml": included}
    shop.source.commit("feature/a", files)
    shop.up("feature/a", definition="demo")
    shop.source.commit("feature/a", {**files, "web/page.html": "new"})
    assert len(once(shop).up) == 1
    (made,) = shop.environments().values()
    assert made.ownership.definition == "demo"


def test_what_there_is_no_room_for_waits_and_is_not_tried_again_and_again() -> None:
    shop = Shop()
    names = [f"feature/{number:02}" for number in range(30)]
    for name in names:
        shop.source.commit(name, FILES)
    settings = replace(shop.session.settings, quota=Quota(environments=3))
    shop.session = memory_session(source=shop.source, engine=shop.engine, images=shop.images, settings=settings)
    result = once(shop)
    assert len(result.up) == len(shop.environments()) == 3
    assert 1 <= len(result.failed) <= 2, "as many as are tried at once"
    waiting = [note.message for note in notes(shop) if note.message.startswith("no room for ")]
    assert sum(message.count("feature/") for message in waiting) + len(result.failed) == 31 - 3
    assert len(shop.calls("create_container")) == 3 * 4, "nothing was made that had no room"
    assert len(shop.session.ledger.releases()) <= 5, "nor built"
    shop.source.delete_branch(min(names))
    again = once(shop)
    assert (len(again.removed), len(again.up)) == (1, 1)


def test_settings_that_make_no_sense_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    good = shop.session.settings
    errors: list[UsageError] = []

    def read() -> Settings:
        for error in errors:
            raise error
        return good

    def mend(event: Event) -> None:
        if isinstance(event, Noted) and "no such setting; trying again" in event.message:
            errors.clear()

    monkeypatch.setattr(watch_module, "FIRST_PAUSE", 0.1)
    shop.session._settings = _Once(read)
    shop.on_event = mend
    cancellation = Cancellation()
    options = WatchOptions(("feature/*",), interval=3600)
    thread = threading.Thread(target=lambda: watch(Run(shop.session, shop.report, cancellation), options))
    thread.start()
    try:
        eventually(lambda: len(shop.environments()) == 1, what="the branch is up")
        errors.append(UsageError("no such setting"))
        new = shop.source.commit("feature/a", {**FILES, "web/page.html": "new"})
        eventually(
            lambda: [e.ownership.commit for e in shop.environments().values()] == [new.id], what="the push is up"
        )
    finally:
        cancellation.request()
        thread.join(timeout=PATIENCE)
    assert not errors
    assert "fail" not in {entry.action for entry in shop.session.ledger.entries()}


def test_a_failure_that_cannot_be_written_down_ends_nothing() -> None:
    shop = Shop()
    shop.source.commit("feature/0-broken", {"compose.yaml": "services: {web: {imag: x}}"})
    ledger = shop.session.ledger
    append = ledger.append

    def refuse_failures(entry: LedgerEntry) -> None:
        if entry.action == "fail":
            raise SourceError("no space left")
        append(entry)

    ledger.append = refuse_failures  # type: ignore[method-assign]
    result = once(shop)
    assert (len(result.up), len(result.failed)) == (1, 1)
    assert any("could not be recorded: no space left" in note.message for note in notes(shop))


def test_it_needs_branches() -> None:
    with pytest.raises(UsageError, match="no branches"):
        once(Shop(), WatchOptions())


def test_it_follows_until_it_is_interrupted() -> None:
    shop = Shop()
    cancellation = Cancellation()
    options = WatchOptions(("feature/*",), interval=3600)
    results: list[WatchResult] = []

    def run() -> None:
        results.append(watch(Run(shop.session, shop.report, cancellation), options))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: len(shop.environments()) == 1, what="the branch is up")
        new = shop.source.commit("feature/a", {**FILES, "web/page.html": "new"})
        eventually(
            lambda: [e.ownership.commit for e in shop.environments().values()] == [new.id], what="the push is up"
        )
    finally:
        cancellation.request()
        thread.join(timeout=PATIENCE)
    assert not thread.is_alive()
    assert results[0].up
    assert len(shop.environments()) == 1, "what is up stays up"
