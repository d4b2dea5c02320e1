"""Killed with -9 at any change while data is made or handed over: no state is lost, none has two writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from previewer.deployment import flatten
from previewer.deployment.data import see_data
from previewer.domain.compose.definition import Role
from previewer.domain.data.snapshots import loose_volumes
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.observation import ContainerState
from previewer.domain.engine.specs import FillSpec, volume_of
from previewer.domain.policy.check import Verdict
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import EngineError, UnhealthyError
from previewer.operations.data import reset, take
from previewer.operations.doctor import examine
from previewer.operations.replace import replace_environment
from previewer.operations.rollback import RollbackOptions, rollback
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.session import memory_session
from tests.operations.releasing import STAGED, ReleasingShop
from tests.operations.shop import COMPOSE
from tests.operations.test_killed import STAGING, MortalEngine, MortalLedger, killed_after

DATA = "x-previewer: {lifetime: {data: environment}, seeds: {db: {run: migrate, volumes: [data]}}}\n"
STATE = COMPOSE.replace("build: web", "build: ../web") + DATA


class WatchedEngine(MortalEngine):
    """An engine that sees to it that handed-over data has one writer."""

    def start_container(self, name: str, *, again: bool = False) -> None:
        super().start_container(name, again=again)
        observed = self.observe(Selection(environment=STAGING))
        outliving = {volume.name for volume in observed.volumes if volume.outlives}
        writers = {
            container.ownership.generation
            for container in observed.containers
            if container.state.value == "running" and not outliving.isdisjoint(container.volumes)
        }
        assert len(writers) <= 1, f"generations {writers} write to it at once"


def stateful_shop() -> ReleasingShop:
    engine = WatchedEngine()
    shop = ReleasingShop(engine=engine, files={**STAGED, "envs/staging.yaml": STATE})
    shop.session = memory_session(
        source=shop.source, engine=engine, images=shop.images, ledger=MortalLedger(engine)
    )
    return shop


def layers(shop: ReleasingShop) -> tuple[str, ...]:
    """What the live generation's volume shows, topmost first."""
    live = shop.one(STAGING).ownership.generation
    (volume,) = (
        volume
        for volume in shop.engine.observe(Selection(environment=STAGING)).of_generation(live).volumes
        if volume.key == "data"
    )
    return volume.layers


def is_whole(shop: ReleasingShop) -> bool:
    """Whether all data that anything refers to is there, and none that nothing does."""
    seen = see_data(shop.session)
    present = set(shop.engine.volume_labels(shop.session.source.installation))
    held = {volume_of(layer) for found in seen.clones.values() for layer in found}
    held |= {volume_of(layer) for s in seen.snapshots for found in s.volumes.values() for layer in found}
    return held <= present and all(loose_volumes(seen, owner) == () for owner in set(seen.owners.values()))


VERBS: Mapping[str, Callable[[ReleasingShop], object]] = {
    "up": lambda shop: shop.stage(),
    "replace": lambda shop: replace_environment(run(shop), STAGING, DeployRequest()),
    "rollback": lambda shop: shop.rollback("staging"),
    "rollback with data": lambda shop: rollback(run(shop), "staging", RollbackOptions(with_data=True)),
    "reset": lambda shop: reset(run(shop), STAGING),
    "snapshot": lambda shop: take(run(shop), STAGING),
    "snapshot of what is paused": lambda shop: take(run(shop), STAGING, pauses=True),
}


def run(shop: ReleasingShop) -> Run:
    return Run(shop.session, shop.report)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=90), st.sampled_from(sorted(VERBS)))
def test_a_verb_that_is_killed_loses_no_state(changes: int, verb: str) -> None:
    shop = stateful_shop()
    shop.stage()
    first = layers(shop)
    shop.commit("second")
    shop.stage()
    second = layers(shop)
    assert second[1:] == first
    shop.commit("third")
    killed_after(shop, changes, lambda: VERBS[verb](shop))
    shop.commit("fourth")
    shop.stage()
    third = layers(shop)
    # It goes on with all that the generation left which lived on, whichever that was.
    left = {"rollback with data": (first, second), "reset": (first[1:], second)}.get(verb, (second,))
    assert any(third[-len(state) :] == state for state in left)
    assert is_whole(shop)
    shop.down(STAGING)
    assert is_whole(shop)
    assert shop.engine.observe(Selection(environment=STAGING)).is_empty


@pytest.mark.parametrize("changes", range(8))
def test_what_a_killed_snapshot_left_frozen_goes_on_with_the_next_command(changes: int) -> None:
    shop = stateful_shop()
    shop.stage()

    def writers() -> set[ContainerState]:
        observed = shop.engine.observe(Selection(environment=STAGING))
        return {container.state for container in observed.containers if container.service == "db"}

    killed_after(shop, changes, lambda: take(run(shop), STAGING, pauses=True))
    assert writers() <= {ContainerState.RUNNING, ContainerState.PAUSED}, "it is never ended"
    take(run(shop), STAGING, pauses=True)
    assert writers() == {ContainerState.RUNNING}
    assert shop.notes(STAGING).stopped == ()
    assert is_whole(shop)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(min_value=0, max_value=40))
def test_a_seed_that_is_killed_leaves_no_half_snapshot(changes: int) -> None:
    shop = stateful_shop()
    was_killed = killed_after(shop, changes, shop.stage)
    halves = see_data(shop.session).snapshots
    assert len(halves) <= 1
    shop.stage()
    (snapshot,) = see_data(shop.session).snapshots
    assert not was_killed or not halves or halves == (snapshot,)
    assert is_whole(shop)
    assert {owner.environment for owner in shop.engine.observe(Selection()).owners} == {STAGING}


def test_a_successor_that_fails_gives_the_state_back() -> None:
    shop = stateful_shop()
    shop.stage()
    before = layers(shop)
    shop.commit("second")
    shop.engine.behaviours["api"] = Behaviour(exit_code=3)
    with pytest.raises(UnhealthyError):
        shop.stage()
    assert layers(shop) == before
    assert is_whole(shop)
    assert shop.one(STAGING).role is Role.STAGING


def test_doctor_says_how_environments_begin_with_data() -> None:
    shop = stateful_shop()
    assert not [check for check in examine(shop.session) if check.name == "data"]
    shop.stage()
    (check,) = (check for check in examine(shop.session) if check.name == "data")
    assert (check.verdict, check.detail) == (Verdict.OK, "1 snapshot")


@pytest.fixture
def few_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatten, "MANY_LAYERS", 3)


@pytest.mark.usefixtures("few_layers")
def test_layers_are_made_one_while_what_shows_them_serves() -> None:
    shop = stateful_shop()
    shown = []
    for number in range(9):
        shop.commit(str(number))
        shop.stage()
        shown.append(len(layers(shop)))
        assert is_whole(shop)
    assert shown == [2, 3, 4, 5, 3, 4, 5, 3, 4], "a seed's and its own, one more each time, and the flat one"
    shop.down(STAGING)
    assert is_whole(shop)


@pytest.mark.usefixtures("few_layers")
@pytest.mark.parametrize("changes", range(12, 42, 2))
def test_a_flatten_that_is_killed_loses_no_layer(changes: int) -> None:
    shop = stateful_shop()
    for number in range(3):
        shop.commit(str(number))
        shop.stage()
    before = layers(shop)
    shop.commit("killed")
    killed_after(shop, changes, shop.stage)
    for number in range(2):
        shop.commit(f"after {number}")
        shop.stage()
        assert is_whole(shop)
    # All layers are there still, or one that was made of all but the topmost of them.
    after = layers(shop)
    assert set(before) <= set(after) or any(layer.endswith(".flat") for layer in after)
    shop.down(STAGING)
    assert is_whole(shop)


@pytest.mark.usefixtures("few_layers")
def test_a_flatten_that_fails_fails_nothing_else() -> None:
    shop = stateful_shop()
    for number in range(3):
        shop.commit(str(number))
        shop.stage()

    def refuse(spec: FillSpec) -> None:
        raise EngineError("no space left on device", where=f"volume {spec.volume}")

    shop.engine.fill_volume = refuse  # type: ignore[method-assign]
    shop.commit("on a full disk")
    shop.stage()
    told = [event.message for event in shop.events if isinstance(event, Noted)]
    assert "the layers of data stay as they are: volume shop-staging-g4_data.flat: no space left on device" in told
    assert len(layers(shop)) == 5
    assert is_whole(shop)
