"""``freeze --pull``: a commit that was frozen is pinned again, and only what changed is built."""

from __future__ import annotations

from datetime import timedelta

import pytest

from previewer.domain.engine.observation import Health
from previewer.errors import UnhealthyError
from previewer.operations.freeze import freeze, plan_freeze
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.images import MemoryImages
from tests.operations.shop import Shop


def test_a_known_release_is_pinned_again_only_when_asked() -> None:
    images = MemoryImages()
    shop = Shop(images=images)

    def frozen(*, pins_again: bool = False) -> bool:
        images.pinned.clear()
        return freeze(Run(shop.session, shop.report), "main", pins_again=pins_again).was_known

    assert not frozen()
    built = len(images.requests)
    assert frozen()
    assert images.pinned == []
    assert plan_freeze(shop.session, "main").steps == ()
    assert plan_freeze(shop.session, "main", pins_again=True).steps
    assert not frozen(pins_again=True)
    assert images.pinned
    assert len(images.requests) == built, "nothing stands on another image than before"


@pytest.mark.parametrize(("age", "is_told"), [(timedelta(minutes=10), False), (timedelta(days=3), True)])
def test_a_failure_says_since_when_images_are_what_they_are(age: timedelta, is_told: bool) -> None:
    shop = Shop()
    now = shop.session.clock()
    freeze(Run(shop.session, shop.report), "main")
    shop.session.clock = lambda: now + age
    shop.engine.behaviours["api"] = Behaviour(health=Health.UNHEALTHY)
    with pytest.raises(UnhealthyError) as failure:
        shop.up()
    assert any("up --pull" in line for line in failure.value.details) is is_told
