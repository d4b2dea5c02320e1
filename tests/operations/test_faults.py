"""Bad luck and other people's hands, on the engine in memory."""

from __future__ import annotations

import pytest

from previewer.domain.engine.observation import ContainerDetail, Observation
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import (
    ConflictError,
    EngineError,
    EngineUnreachableError,
    LeftoversError,
    LockedError,
    PortTakenError,
    UnhealthyError,
)
from previewer.operations.down import all_names
from previewer.operations.prune import prune
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.session import memory_session
from tests.operations.shop import Shop


@pytest.mark.parametrize("service", ["web", "api", "migrate", "db"])
def test_an_environment_with_a_container_missing_is_made_again(service: str) -> None:
    """What is left is healthy all the same, whether a run was killed or one was removed by hand."""
    shop = Shop()
    shop.up()
    shop.engine.remove_container(f"shop-main-g1-{service}-1")
    result = shop.up()
    assert result.changed
    assert {status.name for status in result.environment.services} == {"web", "api", "migrate", "db"}
    assert {owner.generation for owner in shop.engine.observe(Selection()).owners} == {2}


def test_a_container_that_a_killed_down_took_out_of_its_network_is_made_again() -> None:
    shop = Shop()
    shop.up()
    assert not shop.up().changed
    shop.engine.disconnect_container("shop-main-g1-web-1", ["shop-main-g1_default"])
    assert shop.up().changed
    assert {owner.generation for owner in shop.engine.observe(Selection()).owners} == {2}


def test_one_that_cannot_be_removed_does_not_keep_the_others() -> None:
    stuck = "shop-main-g1-api-1"

    def refuse(method: str, name: str) -> None:
        if (method, name) == ("remove_container", stuck):
            raise EngineError("device busy")

    shop = Shop(engine=MemoryEngine(on_call=refuse))
    shop.up()
    for number in range(12):
        shop.up("feature/a", name=f"other-{number}")
    with pytest.raises(LeftoversError) as failure:
        shop.down("shop-main", *(f"other-{number}" for number in range(12)))
    # Its network and volume wait for it.
    assert f"container {stuck}" in failure.value.details
    assert {owner.environment for owner in shop.engine.observe(Selection()).owners} == {"shop-main"}
    assert [c.name for c in shop.engine.observe(Selection()).containers] == [stuck]


def test_an_engine_that_goes_away_is_told_once_with_what_it_means() -> None:
    class Dying(MemoryEngine):
        is_mortal = True
        is_dead = False

        def observe(self, selection: Selection) -> Observation:
            if self.is_dead:
                raise EngineUnreachableError("no answer")
            return super().observe(selection)

    def die(method: str, name: str) -> None:
        engine.is_dead |= engine.is_mortal and method == "start_container" and "-api-" in name
        if engine.is_dead:
            raise EngineUnreachableError("no answer")

    engine = Dying(on_call=die)
    shop = Shop(engine=engine)
    with pytest.raises(EngineUnreachableError, match=r"no answer; then what remains is unknown") as failure:
        shop.up()
    assert "previewer down" in (failure.value.hint or "")
    assert len(shop.calls("remove_container")) == 0
    engine.is_dead = engine.is_mortal = False
    assert shop.up().changed
    shop.down("main")
    assert shop.is_clean()


def test_an_engine_that_goes_away_while_several_are_waited_for_is_no_defect() -> None:
    waits = "  {}:\n    image: x\n    healthcheck: {{test: [CMD, 'true']}}\n"
    names = ("one", "two", "three")

    class Dying(MemoryEngine):
        looks = 0

        def inspect_container(self, name: str) -> ContainerDetail:
            self.looks += 1
            if self.looks > 3 * len(names):  # more often than something happens: when a look is due
                raise EngineUnreachableError("no answer")
            return super().inspect_container(name)

    engine = Dying(behaviours={name: Behaviour(looks=100) for name in names})
    shop = Shop(engine=engine, compose="services:\n" + "".join(map(waits.format, names)))
    with pytest.raises(EngineUnreachableError, match="no answer"):
        shop.up()


def test_other_host_ports_are_tried_for_a_taken_port_only() -> None:
    tried = []

    def refuse(method: str, name: str) -> None:
        if method == "create_network":
            tried.append(name)
            raise ConflictError("the address pool is full", hint="a larger one")

    shop = Shop(engine=MemoryEngine(on_call=refuse))
    with pytest.raises(ConflictError, match="pool is full"):
        shop.up()
    assert len(tried) == 1
    assert not any(isinstance(event, Noted) and "other host ports" in event.message for event in shop.events)
    assert shop.is_clean()


def test_a_port_that_is_taken_each_time_is_an_error_in_the_end() -> None:
    tried = []

    def refuse(method: str, name: str) -> None:
        if method == "start_container" and "-web-" in name:
            tried.append(name)
            raise PortTakenError("port is already allocated")

    shop = Shop(engine=MemoryEngine(on_call=refuse))
    with pytest.raises(PortTakenError):
        shop.up()
    assert len(tried) == 3
    assert shop.is_clean()


def test_a_job_that_fails_does_not_wait_for_the_others() -> None:
    shop = Shop(engine=MemoryEngine(behaviours={"db": Behaviour(exit_code=1)}))
    with pytest.raises(UnhealthyError) as failure:
        shop.up()
    assert failure.value.where == "db"
    assert shop.is_clean()


def test_two_repositories_of_one_name_live_side_by_side() -> None:
    shop, other = Shop(), Shop()
    other.source.installation = "another"
    other.engine = shop.engine
    other.session = memory_session(source=other.source, engine=shop.engine, images=other.images)
    assert [one.up().environment.name for one in (shop, other)] == ["shop-main", "shop-main"]
    assert len(shop.engine.observe(Selection()).networks) == 2
    before = shop.engine.observe(Selection(shop.source.installation))
    other.down(*all_names(other.session))
    assert other.environments() == {}
    prune(Run(other.session, other.report), keep=0, releases=True)
    assert shop.engine.observe(Selection()) == before
    assert not shop.up().changed, "what it runs is still there"
    shop.down("main")
    assert shop.is_clean()


def test_what_is_removed_while_it_is_made_is_told_so() -> None:
    """Another clone has locks of its own."""

    def meddle(method: str, name: str) -> None:
        if method == "start_container" and "-api-" in name:
            shop.engine.remove_container(name)

    shop = Shop(engine=MemoryEngine(on_call=meddle))
    with pytest.raises(LockedError, match="objects were removed"):
        shop.up()
    assert shop.is_clean()
