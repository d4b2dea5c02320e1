"""Rolling back, on the engine in memory."""

from __future__ import annotations

import pytest

from previewer.deployment.restart_generation import restart_kept_generation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.observation import ContainerState, Health
from previewer.domain.environment.environment import State
from previewer.domain.progress import Noted
from previewer.domain.record.notes import EnvironmentNotes
from previewer.errors import LockedError, NotFoundError, UnhealthyError, UsageError
from previewer.operations.rollback import RollbackOptions, list_candidates, plan_rollback
from previewer.operations.up import plan_up, release_deployment
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from tests.operations.releasing import ReleasingShop

STAGING = "shop-staging"


@pytest.fixture
def shop() -> ReleasingShop:
    return ReleasingShop()


def test_a_kept_generation_is_started_again(shop: ReleasingShop) -> None:
    first = shop.stage()
    shop.commit("second")
    shop.stage()
    assert shop.generations(STAGING)[1] == {ContainerState.EXITED}
    assert shop.notes(STAGING).kept == (1,)
    shop.engine.calls.clear()
    result = shop.rollback()
    assert shop.calls("create_container") == []
    assert result.environment.ownership.release == first.release.id
    assert (result.environment.url, result.environment.state) == (first.environment.url, State.RUNNING)
    assert set(shop.generations(STAGING)) == {1}
    notes = shop.notes(STAGING)
    assert (notes.kept, [good.release for good in notes.known_good]) == ((), [first.release.id])
    assert "migrate" not in " ".join(shop.calls("start_container"))


def test_what_serves_is_stopped_only_when_the_kept_generation_is_healthy(shop: ReleasingShop) -> None:
    for again in range(2):  # the first generation, and one that took over from another, come back alike
        shop.stage()
        shop.commit(f"next {again}")
        serving = shop.stage().environment
        name = f"{STAGING}-g{serving.ownership.generation}-web-1"
        shop.engine.calls.clear()
        result = shop.rollback()
        made, stopped = shop.calls("connect_network"), shop.engine.calls.index(("stop_container", name))
        back = result.environment.ownership.generation
        starts = [shop.engine.calls.index(("start_container", f"{STAGING}-g{back}-{s}-1")) for s in ("web", "api")]
        assert max(starts) < stopped < shop.engine.calls.index(("connect_network", made[0]))
        assert result.environment.url == serving.url
        assert set(shop.generations(STAGING)) == {back}
        assert result.downtime_seconds is not None


def test_what_was_removed_is_rolled_back_only_by_its_name(shop: ReleasingShop) -> None:
    shop.up()
    first = shop.stage()
    shop.commit("second")
    shop.up()
    shop.stage()
    shop.down("shop-main")
    assert shop.rollback().environment.name == STAGING
    assert shop.rollback("main").environment.ownership.release == first.release.id


def test_without_a_kept_generation_its_release_is_deployed_again(shop: ReleasingShop) -> None:
    first = shop.up()
    shop.commit("second")
    bad = shop.up()
    result = shop.rollback("main", first.release.id[7:15])
    assert result.environment.ownership.release == first.release.id
    assert result.environment.ownership.generation == 3
    assert bad.release.id not in {good.release for good in shop.notes("shop-main").known_good}


def test_what_was_touched_does_not_become_known_good(shop: ReleasingShop) -> None:
    shop.stage()
    shop.taint(STAGING)
    shop.commit("second")
    shop.stage()
    assert shop.notes(STAGING) == EnvironmentNotes(generation=2)
    assert set(shop.generations(STAGING)) == {2}
    with pytest.raises(NotFoundError, match="known to be good"):
        shop.rollback("staging")


def test_only_so_many_generations_are_kept(shop: ReleasingShop) -> None:
    for text in ("second", "third", "fourth"):
        shop.stage()
        shop.commit(text)
    assert set(shop.generations(STAGING)) == {2, 3}
    assert shop.notes(STAGING).kept == (2,)
    assert len(shop.notes(STAGING).known_good) == 2


def test_what_one_can_go_back_to_stays_when_the_same_release_runs_again(shop: ReleasingShop) -> None:
    first = shop.stage()
    shop.commit("second")
    shop.stage()
    shop.replace("staging")
    assert set(shop.generations(STAGING)) == {1, 3}
    assert shop.rollback("staging").environment.ownership.generation == first.environment.ownership.generation


def test_a_rollback_says_which_data_goes(shop: ReleasingShop) -> None:
    shop.stage()
    shop.commit("second")
    shop.stage()
    said = "data is left behind: volumes are as generation 1 left them, and what is in data now is deleted with"
    assert plan_rollback(shop.session, STAGING, RollbackOptions()).left_data == (f"{said} generation 2",)
    shop.rollback("staging")
    assert f"{said} generation 2" in [event.message for event in shop.events if isinstance(event, Noted)]


def test_staging_says_where_its_data_stays(shop: ReleasingShop) -> None:
    shop.stage()
    shop.commit("second")
    (line,) = plan_up(shop.session, "main", DeployRequest(role=Role.STAGING)).left_data
    assert "and what is in data now stays with generation 1, which is kept to roll back to" in line


def test_what_a_rollback_would_start_may_have_gone_meanwhile(shop: ReleasingShop) -> None:
    shop.stage()
    shop.commit("second")
    shop.stage()
    (candidate,) = list_candidates(shop.session, STAGING)
    wanted = DeployRequest(role=Role.STAGING)
    deployment = release_deployment(shop.session, shop.session.ledger.load_release(candidate.good.release), wanted)
    shop.rollback("staging")
    with pytest.raises(LockedError, match="it was changed meanwhile"):
        restart_kept_generation(Run(shop.session, shop.report), deployment, 1)
    assert shop.one(STAGING).state is State.RUNNING


def test_a_rollback_that_fails_changes_nothing(shop: ReleasingShop) -> None:
    shop.stage()
    shop.commit("second")
    second = shop.stage()
    container = next(c for n, c in shop.engine._containers.items() if n == "shop-staging-g1-api-1")
    container.behaviour = Behaviour(health=Health.UNHEALTHY)
    with pytest.raises(UnhealthyError):
        shop.rollback("staging")
    environment = shop.one(STAGING)
    assert (environment.ownership.generation, environment.state) == (2, State.RUNNING)
    assert environment.url == second.environment.url
    assert shop.generations(STAGING)[1] == {ContainerState.EXITED}


def test_of_several_environments_one_has_to_be_named(shop: ReleasingShop) -> None:
    for _time in range(2):
        shop.up()
        shop.stage()
        shop.commit("next")
    with pytest.raises(UsageError, match="several environments"):
        shop.rollback()


def test_down_takes_what_is_kept_along(shop: ReleasingShop) -> None:
    shop.stage()
    shop.commit("second")
    shop.stage()
    shop.down("staging")
    assert shop.is_clean()
    assert shop.rollback("staging").environment.name == STAGING
