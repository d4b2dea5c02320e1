from __future__ import annotations

import threading
import time

import pytest

from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Role
from previewer.errors import UsageError
from previewer.operations.watch import WatchOptions, WatchResult, plan_watch, watch
from tests.eventually import eventually
from tests.operations.shop import FILES, Shop

ONCE = WatchOptions(("feature/*",), once=True, interval=5)
PATIENCE = 10.0


def once(shop: Shop, options: WatchOptions = ONCE) -> WatchResult:
    return watch(shop.session, options, report=shop.report, cancellation=Cancellation())


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


def test_it_needs_branches() -> None:
    with pytest.raises(UsageError, match="no branches"):
        once(Shop(), WatchOptions())


def test_it_follows_until_it_is_interrupted() -> None:
    shop = Shop()
    cancellation = Cancellation()
    options = WatchOptions(("feature/*",), interval=30)
    results: list[WatchResult] = []

    def run() -> None:
        results.append(watch(shop.session, options, report=shop.report, cancellation=cancellation))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: len(shop.environments()) == 1, what="the branch is up")
        new = shop.source.commit("feature/a", {**FILES, "web/page.html": "new"})
        eventually(
            lambda: [e.ownership.commit for e in shop.environments().values()] == [new.id], what="the push is up"
        )
    finally:
        begun = time.monotonic()
        cancellation.request()
        thread.join(timeout=PATIENCE)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 2
    assert results[0].up
    assert len(shop.environments()) == 1, "what is up stays up"
