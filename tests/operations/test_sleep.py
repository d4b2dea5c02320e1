from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from previewer.domain.engine.observation import Observation
from previewer.domain.environment.environment import State
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes
from previewer.engine.protocol import Selection
from previewer.errors import NotFoundError, PortTakenError, UnhealthyError, UsageError
from previewer.operations.extend import extend, pin, plan_extend
from previewer.operations.sleep import plan_sleep, plan_wake, sleep, wake
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.session import DEFAULT_NOW
from tests.operations.shop import Shop, on_call


def extended_by_hand(shop: Shop) -> None:
    extend(shop.session, "main", "10h")


def extended_by_an_up(shop: Shop) -> None:
    assert not shop.up(ttl="10h").changed


def put_to_sleep(shop: Shop, *names: str) -> tuple[str, ...]:
    return sleep(Run(shop.session, shop.report), names).environments


def test_asleep_and_awake_again() -> None:
    shop = Shop()
    made = shop.up().environment
    assert put_to_sleep(shop, "main") == ("shop-main",)
    asleep = shop.environments()["shop-main"]
    assert asleep.state is State.ASLEEP
    assert asleep.notes.asleep_since == DEFAULT_NOW
    starts = len(shop.calls("start_container"))
    woken = wake(Run(shop.session, shop.report), "main")
    assert woken.changed
    assert woken.environment.state is made.state
    assert woken.environment.url == made.url
    assert woken.environment.notes == EnvironmentNotes(generation=1)
    restarted = shop.calls("start_container")[starts:]
    assert restarted == ["shop-main-g1-db-1", "shop-main-g1-api-1", "shop-main-g1-web-1"], "the job had succeeded"
    assert [entry.action for entry in shop.session.ledger.entries()[:2]] == ["wake", "sleep"]


def test_twice_changes_nothing() -> None:
    shop = Shop()
    shop.up()
    put_to_sleep(shop, "main")
    calls = len(shop.engine.calls)
    again = sleep(Run(shop.session, shop.report), ["main"])
    assert (again.environments, again.already_asleep) == ((), ("shop-main",))
    assert len(shop.engine.calls) == calls
    wake(Run(shop.session, shop.report), "main")
    assert not wake(Run(shop.session, shop.report), "main").changed


def test_plans_touch_nothing() -> None:
    shop = Shop()
    shop.up()
    calls = len(shop.engine.calls)
    assert len(plan_sleep(shop.session, ["main"])) == 3
    assert len(plan_wake(shop.session, "main")) == 0
    assert len(shop.engine.calls) == calls
    with pytest.raises(NotFoundError):
        plan_sleep(shop.session, ["main", "never-was"])


def test_a_port_that_is_taken_leaves_it_asleep() -> None:
    shop = Shop()
    shop.up()
    put_to_sleep(shop, "main")

    def refuse(method: str, name: str) -> None:
        if method == "start_container" and "web" in name:
            raise PortTakenError("port 20000 is taken", where=name)

    shop.engine._on_call = refuse
    with pytest.raises(PortTakenError) as failure:
        wake(Run(shop.session, shop.report), "main")
    assert "previewer replace shop-main" in (failure.value.hint or "")
    assert shop.environments()["shop-main"].state is State.ASLEEP
    shop.engine._on_call = on_call("nothing", lambda: None)
    assert wake(Run(shop.session, shop.report), "main").changed


def test_what_ended_by_itself_wakes_too() -> None:
    """A server that ends with 0 when it is told to stop looks like a job that is done."""
    shop = Shop()
    shop.up()
    put_to_sleep(shop, "main")
    shop.engine.behaviours["db"] = Behaviour()
    assert "start container shop-main-g1-db-1" in [step.id for step in plan_wake(shop.session, "main")]


def test_what_ended_with_the_engine_wakes_with_its_data() -> None:
    shop = Shop()
    shop.up()
    for service, code in (("web", 0), ("db", 137)):
        shop.engine.end_container(f"shop-main-g1-{service}-1", code)
    assert "migrate" not in plan_wake(shop.session, "main").text()
    woken = wake(Run(shop.session, shop.report), "main")
    assert (woken.changed, woken.environment.state) == (True, State.RUNNING)
    assert woken.environment.ownership.generation == 1
    assert wake(Run(shop.session, shop.report), "main").changed is False


def test_what_ends_again_when_it_is_woken_stops_nothing_else() -> None:
    shop = Shop()
    shop.up()
    shop.engine.end_container("shop-main-g1-web-1", 137)
    container = next(c for n, c in shop.engine._containers.items() if n == "shop-main-g1-web-1")
    container.behaviour = Behaviour(exit_code=1)
    with pytest.raises(UnhealthyError):
        wake(Run(shop.session, shop.report), "main")
    states = {service.name: service.state for service in shop.environments()["shop-main"].services}
    assert (states["web"], states["db"], states["api"]) == (State.FAILED, State.RUNNING, State.HEALTHY)


def test_its_life_is_extended_from_now_on() -> None:
    shop = Shop()
    shop.up()
    result = extend(shop.session, "main", "10h")
    assert result.environment.expires_at == DEFAULT_NOW + timedelta(hours=10)
    assert shop.environments()["shop-main"].expires_at == DEFAULT_NOW + timedelta(hours=10)
    assert plan_extend(shop.session, "main", "1h").changed
    assert shop.environments()["shop-main"].expires_at == DEFAULT_NOW + timedelta(hours=10), (
        "a plan changes nothing"
    )
    assert extend(shop.session, "main", "never").environment.expires_at is None
    assert shop.environments()["shop-main"].notes.pinned
    with pytest.raises(UsageError):
        extend(shop.session, "main", "soon")


class AheadEngine(MemoryEngine):
    """One whose clock is ahead of ours."""

    ahead = timedelta()

    def clock_ahead(self) -> timedelta:
        """As it is said."""
        return self.ahead

    def observe(self, selection: Selection) -> Observation:
        """With how far it is ahead."""
        return replace(super().observe(selection), engine_ahead=round(self.ahead.total_seconds()))


@pytest.mark.parametrize("renews", [extended_by_hand, extended_by_an_up], ids=["extend", "up"])
def test_an_extension_is_counted_by_the_engines_clock(renews: Callable[[Shop], object]) -> None:
    """Made by a user whose clock was an hour behind, extended by one whose clock is right, seen by both."""
    shop = Shop(engine=(engine := AheadEngine()))
    engine.ahead = timedelta(hours=1)
    shop.up(ttl="5h")
    engine.ahead = timedelta()
    renews(shop)
    assert shop.environments()["shop-main"].expires_at == DEFAULT_NOW + timedelta(hours=10)
    engine.ahead = timedelta(hours=1)
    assert shop.environments()["shop-main"].expires_at == DEFAULT_NOW + timedelta(hours=9)


def test_an_extension_beyond_a_new_life_is_handed_on_by_the_engines_clock() -> None:
    shop = Shop(engine=(engine := AheadEngine()))
    engine.ahead = timedelta(hours=1)
    shop.up()
    extend(shop.session, "main", "100h")
    engine.ahead = timedelta()
    shop.commit("second")
    assert shop.up().environment.ownership.generation == 2
    assert shop.environments()["shop-main"].expires_at == DEFAULT_NOW + timedelta(hours=101)


def test_a_pin_comes_and_goes() -> None:
    shop = Shop()
    before = shop.up().environment.expires_at
    assert pin(shop.session, "main").environment.expires_at is None
    assert not pin(shop.session, "main").changed
    assert shop.environments()["shop-main"].expires_at is None
    pin(shop.session, "main", is_pinned=False)
    assert shop.environments()["shop-main"].expires_at == before
    assert [entry.action for entry in shop.session.ledger.entries(limit=2)] == ["unpin", "pin"]


def test_a_pin_outlives_the_generation_and_is_told() -> None:
    shop = Shop()
    shop.up()
    pin(shop.session, "main")
    shop.commit("second")
    result = shop.up()
    assert (result.environment.ownership.generation, result.environment.expires_at) == (2, None)
    assert shop.environments()["shop-main"].notes.pinned
    assert "shop-main stays pinned: it does not expire" in {e.message for e in shop.events if isinstance(e, Noted)}
    shop.down("main")
    assert shop.up().environment.expires_at is not None, "a pin ends with the environment"


@pytest.mark.parametrize(("said", "until"), [("30d", timedelta(days=30)), ("1h", None)])
def test_an_extension_outlives_the_generation_unless_a_new_one_lives_longer(
    said: str, until: timedelta | None
) -> None:
    shop = Shop()
    fresh = shop.up().environment.expires_at
    extend(shop.session, "main", said)
    shop.commit("second")
    assert shop.up().environment.expires_at == (DEFAULT_NOW + until if until else fresh)
    shop.commit("third")
    assert shop.up(ttl="2h").environment.expires_at == DEFAULT_NOW + timedelta(hours=2)
