"""Killed with -9 at any moment of a replacement or a rollback: the next command leaves one whole generation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import ContainerState
from previewer.domain.environment.environment import State
from previewer.domain.record.notes import LedgerEntry
from previewer.engine.protocol import Selection
from previewer.operations.sleep import sleep, wake
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.ledger import MemoryLedger
from previewer.testing.memory.session import memory_session
from tests.operations.releasing import ReleasingShop

MOST_CALLS = 60
STAGING = "shop-staging"


class Killed(BaseException):
    """What a process that is killed does not live to see."""


class MortalEngine(MemoryEngine):
    """An engine whose user dies before a certain change, and undoes nothing afterwards."""

    def __init__(self) -> None:
        super().__init__(on_call=self.count, behaviours={"migrate": Behaviour(exit_code=0)})
        self.left: int | None = None
        """Changes until then; ``None`` for a user who lives."""

    def count(self, *what: str) -> None:
        """One more change is about to happen."""
        del what
        if self.left is None:
            return
        if self.left <= 0:
            raise Killed
        self.left -= 1


class MortalLedger(MemoryLedger):
    """A ledger whose changes count too."""

    def __init__(self, engine: MortalEngine) -> None:
        super().__init__()
        self._engine = engine

    def append(self, entry: LedgerEntry) -> None:
        self._engine.count(entry.action)
        super().append(entry)


def mortal_shop() -> ReleasingShop:
    engine = MortalEngine()
    shop = ReleasingShop(engine=engine)
    shop.session = memory_session(
        source=shop.source, engine=engine, images=shop.images, ledger=MortalLedger(engine)
    )
    return shop


def killed_after(shop: ReleasingShop, changes: int, act: Callable[[], object]) -> bool:
    """Do ``act`` until its process is killed; whether it was."""
    assert isinstance(shop.engine, MortalEngine)
    shop.engine.left = changes
    try:
        act()
    except BaseException:  # noqa: BLE001 - what is raised by what is dead
        return True
    finally:
        shop.engine.left = None
    return False


def is_one_whole_generation(shop: ReleasingShop, name: str) -> bool:
    environment = shop.one(name)
    kept = shop.notes(name).kept
    live = environment.ownership.generation
    observed = shop.engine.observe(Selection(environment=name))
    running = {c.ownership.generation for c in observed.containers if c.state is ContainerState.RUNNING}
    return (
        environment.state is State.RUNNING
        and {service.name for service in environment.services} == {"web", "api", "migrate", "db"}
        and {owner.generation for owner in observed.owners} == {live, *kept}
        and running == {live}
        and environment.url is not None
        and environment.url.startswith("http://127.0.0.1:")
    )


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=MOST_CALLS), st.sampled_from(["up", "update", "down"]))
def test_a_replacement_that_is_killed_is_completed_or_undone(changes: int, then: str) -> None:
    shop = mortal_shop()
    first = shop.up()
    shop.commit("second")
    killed_after(shop, changes, shop.up)
    if then == "down":
        shop.down("main")
        assert shop.is_clean()
        return
    after = shop.up() if then == "up" else shop.update("main")
    assert is_one_whole_generation(shop, "shop-main")
    assert after.environment.ownership.commit == shop.source.resolve("main").commit.id
    assert after.environment.url == first.environment.url


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=MOST_CALLS), st.booleans())
def test_a_rollback_that_is_killed_is_completed_or_undone(changes: int, again: bool) -> None:
    shop = mortal_shop()
    first = shop.stage()
    shop.commit("second")
    shop.stage()
    was_killed = killed_after(shop, changes, lambda: shop.rollback("staging"))
    running = shop.one(STAGING).ownership.release
    if again and was_killed and running != first.release.id:
        shop.rollback("staging")
        assert shop.one(STAGING).ownership.release == first.release.id
    else:
        shop.commit("third")
        shop.stage()
        assert shop.one(STAGING).ownership.commit == shop.source.resolve("main").commit.id
    assert is_one_whole_generation(shop, STAGING)


def sleep_and_wake(shop: ReleasingShop) -> None:
    sleep(Run(shop.session, shop.report), ["staging"])
    wake(Run(shop.session, shop.report), "staging")


@pytest.mark.parametrize("changes", range(12))
@pytest.mark.parametrize("then", [sleep_and_wake, lambda shop: shop.up_release(STAGING, role=Role.STAGING)])
def test_a_rollback_that_is_killed_costs_no_data(changes: int, then: Callable[[ReleasingShop], object]) -> None:
    """The generation that served has the data: it serves again, and none takes its place with empty volumes."""
    shop = mortal_shop()
    shop.stage()
    shop.commit("second")
    shop.stage()
    killed_after(shop, changes, lambda: shop.rollback("staging"))
    then(shop)
    assert is_one_whole_generation(shop, STAGING)
    assert shop.one(STAGING).ownership.generation in (1, 2)


@pytest.mark.parametrize("changes", range(6))
@pytest.mark.parametrize("verb", ["sleep", "wake"])
def test_a_sleep_that_is_killed_costs_no_data(verb: str, changes: int) -> None:
    shop = mortal_shop()
    shop.up()
    verbs: dict[str, Callable[[], object]] = {
        "sleep": lambda: sleep(Run(shop.session, shop.report), ["main"]),
        "wake": lambda: wake(Run(shop.session, shop.report), "main"),
    }
    if verb == "wake":
        verbs["sleep"]()
    killed_after(shop, changes, verbs[verb])
    shop.up()
    assert is_one_whole_generation(shop, "shop-main")
    assert shop.one("shop-main").ownership.generation == 1


def test_what_a_killed_replacement_left_does_not_run_on_while_it_sleeps() -> None:
    shop = mortal_shop()
    shop.up()
    shop.commit("second")
    killed_after(shop, 14, shop.up)
    assert len({owner.generation for owner in shop.engine.observe(Selection()).owners}) == 2
    sleep(Run(shop.session, shop.report), ["main"])
    states = {container.state for container in shop.engine.observe(Selection()).containers}
    assert ContainerState.RUNNING not in states
    wake(Run(shop.session, shop.report), "main")
    assert is_one_whole_generation(shop, "shop-main")


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=MOST_CALLS))
def test_what_served_serves_again_if_the_next_command_fails(changes: int) -> None:
    """The next command brings back what was stopped before it begins anything of its own."""
    shop = mortal_shop()
    shop.up()
    shop.commit("second")
    killed_after(shop, changes, shop.up)
    shop.commit("third")
    shop.engine.behaviours["web"] = Behaviour(exit_code=1)
    killed_after(shop, 10**6, shop.up)
    assert is_one_whole_generation(shop, "shop-main")
