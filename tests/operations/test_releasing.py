"""Replacing, updating and promoting, on the engine in memory."""

from __future__ import annotations

from typing import NoReturn

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Location, Role
from previewer.domain.deploy.plan import TakePorts
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.deploy.takeover import is_on_standby
from previewer.domain.environment.environment import State
from previewer.domain.policy.table import read_grant
from previewer.domain.policy.trust import TrustRules
from previewer.domain.progress import Outcome, TaskFinished
from previewer.engine.protocol import Capabilities, Selection
from previewer.errors import ConflictError, NotFoundError, PolicyError, PortTakenError, UnhealthyError, UsageError
from previewer.operations.freeze import freeze
from previewer.operations.up import plan_up, plan_up_release
from previewer.session.run import Run
from previewer.settings.model import Settings
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.session import memory_session
from tests.operations.releasing import STAGED, ReleasingShop
from tests.operations.shop import COMPOSE

STAGING, PRODUCTION = "shop-staging", "shop-production"


@pytest.fixture
def shop() -> ReleasingShop:
    return ReleasingShop()


# --- ports -----------------------------------------------------------------------------------------------------


def test_a_successor_has_its_predecessors_url(shop: ReleasingShop) -> None:
    first = shop.up()
    for text in ("second", "third"):
        shop.commit(text)
        result = shop.up()
        assert result.environment.url == first.environment.url
        assert result.downtime_seconds is not None
    assert shop.one("shop-main").ownership.generation == 3
    assert first.downtime_seconds is None


def test_a_successor_is_rehearsed_before_it_takes_over(shop: ReleasingShop) -> None:
    shop.up()
    shop.commit("second")
    seen: list[str] = []
    shop.on_event = lambda _event: seen.extend(
        c.name for c in shop.engine.observe(Selection()).containers if is_on_standby(c)
    )
    shop.up()
    assert set(seen) == {"shop-main-g2-web-1"}
    assert not any(is_on_standby(c) for c in shop.engine.observe(Selection()).containers)


def test_the_plan_says_which_ports_are_taken_over(shop: ReleasingShop) -> None:
    shop.up()
    shop.commit("second")
    plan = plan_up(shop.session, "main", DeployRequest())
    assert [step.action.name for step in plan if isinstance(step.action, TakePorts)] == ["shop-main-g2-web-1"]
    assert "stop container      shop-main-g1-web-1" in plan.text()
    assert plan.environment == "shop-main"
    assert plan.left_data == (
        "data is left behind: volumes start empty, and what is in data now is deleted with generation 1",
    )


def test_a_port_that_is_stolen_in_the_gap_leaves_the_old_generation_alone(shop: ReleasingShop) -> None:
    url = shop.up().environment.url
    shop.commit("second")

    def steal(method: str, name: str) -> None:
        del name
        if method == "connect_network":
            raise PortTakenError("port is already allocated")

    shop.engine._on_call = steal
    with pytest.raises(ConflictError, match="was taken"):
        shop.up()
    environment = shop.one("shop-main")
    assert (environment.ownership.generation, environment.state, environment.url) == (1, State.RUNNING, url)
    assert set(shop.generations("shop-main")) == {1}


def test_a_fixed_port_on_all_addresses_is_given_up_before_its_successor_starts() -> None:
    shop = ReleasingShop()
    grant = read_grant("host-port", source=Location("previewer.toml"), role=None)
    settings = Settings(trust=TrustRules(grants=(grant,)))
    shop.session = memory_session(source=shop.source, engine=shop.engine, images=shop.images, settings=settings)
    assert (shop.up().environment.url or "").endswith(":8080")
    shop.commit("second")
    result = shop.up()
    assert (result.environment.url or "").endswith(":8080")
    assert result.downtime_seconds is not None
    shop.commit("sick")
    shop.engine.behaviours["web"] = Behaviour(exit_code=1)
    with pytest.raises(UnhealthyError):
        shop.up()
    assert shop.one("shop-main").state is State.RUNNING
    assert shop.one("shop-main").url == result.environment.url
    assert set(shop.generations("shop-main")) == {2}


def test_an_engine_that_cannot_move_ports_gives_a_successor_others() -> None:
    class Plain(MemoryEngine):
        @property
        def capabilities(self) -> Capabilities:
            return replace(super().capabilities, missing={"host-binding": "it cannot"})

    shop = ReleasingShop(engine=Plain())
    before = shop.up().environment
    shop.commit("second")
    result = shop.up()
    assert result.downtime_seconds is None
    assert result.environment.url != before.url
    assert all(c.ports[0].host_ip == "127.0.0.1" for c in shop.engine.observe(Selection()).containers if c.ports)


# --- replace and update ----------------------------------------------------------------------------------------


def test_replace_runs_the_same_release_again_and_ends_a_taint(shop: ReleasingShop) -> None:
    before = shop.up().environment
    shop.taint("shop-main")
    assert shop.one("shop-main").is_tainted
    result = shop.replace("main")
    assert result.environment.ownership.release == before.ownership.release
    assert result.environment.ownership.generation == 2
    assert not shop.one("shop-main").is_tainted
    assert shop.session.ledger.entries()[0].action == "replace"


def test_replace_makes_whole_what_lost_a_container(shop: ReleasingShop) -> None:
    shop.up()
    shop.engine.remove_container("shop-main-g1-api-1")
    assert {s.name for s in shop.replace("main").environment.services} == {"web", "api", "migrate", "db"}


def test_update_goes_to_the_tip_and_then_does_nothing(shop: ReleasingShop) -> None:
    shop.up()
    shop.commit("second")
    assert shop.update("main").changed
    assert shop.one("shop-main").ownership.commit == shop.source.resolve("main").commit.id
    assert not shop.update("main").changed


def test_an_environment_of_a_bare_commit_has_no_tip(shop: ReleasingShop) -> None:
    commit = shop.source.resolve("main").commit.id
    name = shop.up(commit).environment.name
    with pytest.raises(UsageError, match="no tip"):
        shop.update(name)


def test_a_kept_release_is_run_without_git(shop: ReleasingShop) -> None:
    release = shop.up().release
    shop.down("main")

    def refuse(commit: str) -> NoReturn:
        raise NotFoundError("no such commit", where=commit)

    shop.source.tree = refuse  # type: ignore[method-assign]
    result = shop.up_release(release.id[7:19], name="again")
    assert result.environment.ownership.release == release.id


@pytest.mark.parametrize("role", [Role.PREVIEW, Role.STAGING])
def test_the_plan_of_a_replacement_is_what_happens(role: Role, shop: ReleasingShop) -> None:
    shop.up(role=role)
    shop.commit("second")
    release = freeze(Run(shop.session, shop.report), "main").release
    plan = plan_up_release(shop.session, release.id, DeployRequest(role=role))
    shop.events.clear()
    shop.up_release(release.id, role=role)
    done = [e.task for e in shop.events if isinstance(e, TaskFinished) and e.outcome is Outcome.DONE]
    assert sorted(done) == sorted(step.id for step in plan)


# --- promote ---------------------------------------------------------------------------------------------------


def test_the_very_same_images_go_to_production(shop: ReleasingShop) -> None:
    staged = shop.stage()
    promoted = shop.promote("staging")
    assert promoted.release.id == staged.release.id
    images = [{s.name: s.image for s in shop.one(name).services} for name in (STAGING, PRODUCTION)]
    assert images[0] == images[1]
    assert len(shop.images.requests) == 1  # one build
    assert shop.session.ledger.entries()[0].action == "promote"


def test_production_takes_only_what_staging_has_proven(shop: ReleasingShop) -> None:
    release = shop.up().release
    with pytest.raises(PolicyError, match="not been proven in staging"):
        shop.promote("main")
    assert shop.promote("main", force=True).environment.name == PRODUCTION
    shop.down(PRODUCTION)
    shop.promote(release.id, Role.STAGING)
    shop.commit("second")
    shop.stage()  # the first is known-good now
    assert shop.promote(release.id).environment.name == PRODUCTION


def test_what_was_touched_or_is_ailing_is_not_promoted(shop: ReleasingShop) -> None:
    shop.stage()
    shop.taint(STAGING)
    with pytest.raises(PolicyError) as refusal:
        shop.promote("staging", force=True)
    assert "ran a shell" in " ".join(refusal.value.details)
    shop.replace("staging")
    shop.engine.end_container("shop-staging-g2-db-1", 1)
    with pytest.raises(PolicyError) as refusal:
        shop.promote("staging")
    assert "failed" in " ".join(refusal.value.details)


def test_a_definition_that_means_another_image_is_not_promoted() -> None:
    other = COMPOSE.replace("image: shop-db", "image: shop-db-large").replace("build: web", "build: ../web")
    shop = ReleasingShop(files={**STAGED, "envs/production.yaml": other})
    shop.stage()
    with pytest.raises(PolicyError) as refusal:
        shop.promote("staging", force=True)
    assert refusal.value.details == ("db would run another image than in shop-staging",)


def test_images_that_are_gone_are_not_built(shop: ReleasingShop) -> None:
    release = shop.stage().release
    shop.images.remove(release.artifacts[0].image)
    with pytest.raises(NotFoundError, match="gone"):
        shop.promote(release.id)
    assert len(shop.images.requests) == 1
