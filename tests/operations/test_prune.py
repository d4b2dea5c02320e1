"""Pruning beside a running freeze: what is being built stays, and a freeze makes up for what went."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from previewer.domain.deploy.request import DeployRequest
from previewer.domain.progress import Event, Noted
from previewer.domain.record.notes import RunLease
from previewer.domain.release.retention import FREEZE_GRACE
from previewer.domain.stored import to_bytes
from previewer.errors import EngineError, ImageGoneError, NotFoundError
from previewer.freeze.protocol import BuildRequest
from previewer.ledger.protocol import RecordKind
from previewer.operations.freeze import freeze
from previewer.operations.prune import Prunable, plan_prune, prune
from previewer.operations.replace import replace_environment
from previewer.session.run import Run
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import DEFAULT_NOW
from tests.operations.shop import Shop

TWO = "services:\n  one: {build: web}\n  two: {build: {context: web, args: {A: b}}}\n"


def frozen(shop: Shop, revision: str = "main") -> str:
    """The id of the release."""
    return freeze(Run(shop.session, shop.report), revision).release.id


def fates(shop: Shop) -> dict[str, bool]:
    """Whether each image stays, by its digest, if not even the newest release does."""
    items = plan_prune(shop.session, keep=0).items
    return {item.name: item.keeps for item in items if item.kind is Prunable.IMAGE}


def test_an_image_that_no_release_has_stays_for_an_hour() -> None:
    shop = Shop(images=MemoryImages(unstable=["web"]))
    release = frozen(shop)
    shop.session.ledger.remove_release(release)
    ((image, stays),) = fates(shop).items()
    assert not stays, "its build time is unknown"
    shop.images.times[image] = DEFAULT_NOW - FREEZE_GRACE + timedelta(seconds=1)
    assert fates(shop) == {image: True}
    shop.images.times[image] = DEFAULT_NOW - FREEZE_GRACE
    assert fates(shop) == {image: False}


def test_the_age_does_not_count_for_an_image_of_a_release() -> None:
    shop = Shop()
    frozen(shop)
    (image,) = fates(shop)
    shop.images.times[image] = DEFAULT_NOW
    assert fates(shop) == {image: False}


def test_what_is_being_brought_up_stays_until_the_claim_is_old_or_over() -> None:
    shop = Shop()
    frozen(shop)
    commit = shop.source.resolve("main").commit.id
    ledger = shop.session.ledger
    for age, is_ended, stays in ((0, False, True), (0, True, False), (2, False, False)):
        lease = RunLease(commit, "ada@laptop", "another", is_ended=is_ended)
        at = DEFAULT_NOW - timedelta(days=age)
        ledger.store_record(RecordKind.CLAIM, "up shop-main", {"claim.json": to_bytes(lease)}, at=at)
        assert list(fates(shop).values()) == [stays], (age, is_ended)


def test_a_freeze_builds_again_what_was_pruned_while_it_built_the_next() -> None:
    shop = Shop(compose=TWO)
    pruned: list[int] = []

    def prune_once(request: BuildRequest) -> None:
        if request is not shop.images.requests[0] and not pruned:
            while not shop.images.list_built(shop.session.project):
                time.sleep(0.01)
            result = prune(Run(shop.session, lambda event: None), keep=0)
            pruned.append(len(result.removed))

    shop.images.on_build = prune_once
    result = freeze(Run(shop.session, shop.report), "main")
    assert shop.images.missing({artifact.image for artifact in result.release.artifacts}) == frozenset()
    assert pruned == [1]
    reported = [event.message for event in shop.events if isinstance(event, Noted)]
    assert "images of this freeze were removed meanwhile" in reported


def test_of_a_commit_that_was_frozen_again_the_last_release_is_the_newest() -> None:
    shop = Shop(images=MemoryImages(unstable=["web"]))
    ids = [freeze(Run(shop.session, shop.report), "main", use_cache=False).release.id for _ in range(5)]
    assert len(set(ids)) == 5
    assert frozen(shop) == ids[-1]
    kept = [item.name for item in plan_prune(shop.session, keep=2, releases=True).kept]
    assert [name for name in kept if name in ids] == [ids[-1], ids[-2]]


def test_an_image_that_cannot_be_removed_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(compose=TWO)
    frozen(shop)
    remove = shop.images.remove
    first, second = sorted(fates(shop))

    def refuse_first(image: str) -> None:
        if image == first:
            raise EngineError("no space left on device", hint="`previewer prune` frees some")
        remove(image)

    monkeypatch.setattr(shop.images, "remove", refuse_first)
    with pytest.raises(EngineError, match="no space left") as caught:
        prune(Run(shop.session, shop.report), keep=0)
    assert caught.value.hint == "everything else that is unused was removed"
    assert shop.images.missing({first, second}) == {second}
    assert shop.session.ledger.entries()[0].action == "prune"


def test_what_begins_to_come_up_while_it_is_pruned_stays() -> None:
    shop = Shop()
    frozen(shop, "main")
    frozen(shop, "feature/a")
    plan = plan_prune(shop.session, keep=0)
    first, second = (item for item in plan.removed if item.kind is Prunable.IMAGE)
    (commit,) = second.commits

    def begin(_event: Event) -> None:
        lease = RunLease(commit, "ada@laptop", "another")
        files = {"claim.json": to_bytes(lease)}
        shop.session.ledger.store_record(RecordKind.CLAIM, "up", files, at=DEFAULT_NOW)

    shop.on_event = begin
    assert not first.commits & second.commits
    result = prune(Run(shop.session, shop.report), keep=0)
    assert second.name not in {item.name for item in result.removed}
    assert first.name in {item.name for item in result.removed}
    assert not shop.images.missing({second.name})


@pytest.mark.parametrize("verb", ["up", "replace"])
def test_images_that_go_at_the_last_moment_are_brought_back(verb: str) -> None:
    shop = Shop()
    shop.up()
    images = set(fates(shop))
    lost: list[str] = []

    def lose(called: str, name: str) -> None:
        if called == "create_container" and not lost:
            lost.append(name)
            for image in images:
                shop.images.remove(image)
            raise ImageGoneError("No such image", where=name)

    shop.engine._on_call = lose
    if verb == "up":
        shop.down("main")
        shop.up()
        assert not shop.images.missing(images)
        assert len(shop.environments()) == 1
    else:
        with pytest.raises(NotFoundError, match="is gone from the engine") as caught:
            replace_environment(Run(shop.session, shop.report), "main", DeployRequest())
        assert "previewer freeze" in (caught.value.hint or "")
        assert [e.ownership.generation for e in shop.environments().values()] == [1], "what ran still does"
    assert lost
    assert not shop.session.ledger.record_names(RecordKind.CLAIM)
