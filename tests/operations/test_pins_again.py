"""``freeze --pull``: a commit that was frozen is pinned again, and only what changed is built."""

from __future__ import annotations

from previewer.domain.cancellation import Cancellation
from previewer.freeze.memory import MemoryImages
from previewer.operations.freeze import freeze, plan_freeze
from tests.operations.shop import Shop


def test_a_known_release_is_pinned_again_only_when_asked() -> None:
    images = MemoryImages()
    shop = Shop(images=images)

    def frozen(*, pins_again: bool = False) -> bool:
        images.pinned.clear()
        return freeze(
            shop.session, "main", pins_again=pins_again, report=shop.report, cancellation=Cancellation()
        ).was_known

    assert not frozen()
    built = len(images.requests)
    assert frozen()
    assert images.pinned == []
    assert plan_freeze(shop.session, "main").steps == ()
    assert plan_freeze(shop.session, "main", pins_again=True).steps
    assert not frozen(pins_again=True)
    assert images.pinned
    assert len(images.requests) == built, "nothing stands on another image than before"
