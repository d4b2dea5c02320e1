from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.engine.nodes import EngineNodes
from previewer.domain.engine.observation import Observation
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, LeftoversError, LockedError, NotFoundError
from previewer.operations.down import all_names, down, plan_down
from previewer.operations.prune import plan_prune, prune
from previewer.records.environments import find_environment
from previewer.session.run import Run
from previewer.testing.memory.engine import MemoryEngine
from tests.operations.shop import Shop, on_call


def test_nothing_is_left_of_an_environment() -> None:
    shop = Shop()
    shop.up()
    result = shop.down("main")
    assert result.environments == ("shop-main",)
    assert len(result.removed) == 6
    assert shop.is_clean()
    assert shop.session.ledger.entries()[0].detail == "4 containers, 1 network, 1 volume"


def test_down_twice_is_fine() -> None:
    shop = Shop()
    shop.up()
    shop.down("main")
    again = shop.down("main")
    assert again.environments == ()
    assert again.already_gone == ("shop-main",)


def test_what_never_was_is_not_found() -> None:
    shop = Shop()
    shop.up()
    with pytest.raises(NotFoundError) as failure:
        shop.down("shop-mian")
    assert "shop-main" in (failure.value.hint or "")
    assert not shop.is_clean()


def test_the_neighbours_stay() -> None:
    shop = Shop()
    shop.up()
    shop.up("feature/a")
    shop.down("feature/a")
    assert list(shop.environments()) == ["shop-main"]


def test_all_go_at_once() -> None:
    shop = Shop()
    shop.up()
    shop.up("feature/a")
    shop.down(*all_names(shop.session))
    assert shop.is_clean()


class SpreadEngine(MemoryEngine):
    """With its services on a node whose engine is not the one that is asked, and perhaps on one that is away."""

    def observe(self, selection: Selection) -> Observation:
        """As a swarm tells of it."""
        found = super().observe(selection)
        spread = tuple(replace(one, node="second", left_on=("third",)) for one in found.containers)
        return replace(found, containers=spread, nodes=EngineNodes({}, home="", home_name="first"))


def test_what_is_on_nodes_where_nothing_can_be_done_is_named() -> None:
    shop = Shop(engine=SpreadEngine())
    shop.up()
    told: list[str] = []
    run = Run(shop.session, lambda event: told.append(event.message) if isinstance(event, Noted) else None)
    assert down(run, ["main"]).environments == ("shop-main",)
    assert "api, db, migrate, web may still run on third, which does not answer, and ends when it is back" in told
    assert any(line.endswith("left on second, whose engine is not the one asked") for line in told)


def test_what_cannot_be_removed_is_named() -> None:
    def fail() -> None:
        raise EngineError("device busy")

    shop = Shop(engine=MemoryEngine(on_call=on_call("remove_volume", fail)))
    shop.up()
    with pytest.raises(LeftoversError) as failure:
        shop.down("main")
    assert failure.value.details == ("volume shop-main-g1_data",)
    assert "device busy" in str(failure.value)


def test_a_transient_failure_is_tried_again() -> None:
    failures = [EngineError("busy")]

    def fail_once() -> None:
        if failures:
            raise failures.pop()

    shop = Shop(engine=MemoryEngine(on_call=on_call("remove_volume", fail_once)))
    shop.up()
    shop.down("main")
    assert shop.is_clean()


def test_a_locked_environment_stays() -> None:
    shop = Shop()
    shop.up()
    with shop.session.ledger.lock("shop-main", purpose="up"), pytest.raises(LockedError):
        shop.down("main")
    assert not shop.is_clean()


def test_the_plan_names_everything_that_goes() -> None:
    shop = Shop()
    shop.up()
    plan = plan_down(shop.session, ["main"])
    removals = [step.id.removeprefix("remove ") for step in plan if step.id.startswith("remove ")]
    assert sorted(removals) == sorted(shop.down("main").removed)


def test_an_environment_is_found_by_name_branch_and_beginning() -> None:
    shop = Shop()
    name = shop.up("feature/a").environment.name
    for text in (name, "feature/a", name[:14], "feature", shop.source.resolve("feature/a").commit.id):
        assert find_environment(shop.session, text).name == name


def test_an_ambiguous_beginning_is_an_error_that_names_them() -> None:
    shop = Shop()
    shop.up("feature/a")
    shop.up("feature-a", name="shop-feature-b")
    with pytest.raises(NotFoundError, match="several"):
        find_environment(shop.session, "shop-feature")


def test_pruning_keeps_what_runs() -> None:
    shop = Shop()
    shop.up()
    assert plan_prune(shop.session, keep=0).removed == ()
    shop.down("main")
    assert plan_prune(shop.session).removed == ()
    (image,) = plan_prune(shop.session, keep=0).removed
    result = prune(Run(shop.session, shop.events.append), keep=0)
    assert result.removed == (image,)
    assert plan_prune(shop.session, keep=0).removed == ()
