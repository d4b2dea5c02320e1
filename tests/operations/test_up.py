from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.capacity import Quota
from previewer.domain.engine.observation import Health
from previewer.domain.environment.environment import State
from previewer.domain.naming import environment_name
from previewer.domain.progress import Event, Noted, Outcome, TaskFinished, TaskStarted
from previewer.engine.protocol import Selection
from previewer.errors import (
    BuildError,
    CancelledError,
    CapacityError,
    EngineError,
    LeftoversError,
    LockedError,
    NotFoundError,
    PolicyError,
    PortTakenError,
    TimedOutError,
    UnhealthyError,
    UsageError,
)
from previewer.operations.up import plan_up, up
from previewer.session.run import Run
from previewer.testing.memory.container import Behaviour
from previewer.testing.memory.engine import MemoryEngine
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import memory_session
from tests.operations.shop import COMPOSE, Shop, on_call


def test_an_environment_comes_up_whole() -> None:
    shop = Shop()
    result = shop.up()
    environment = result.environment
    assert result.changed
    assert environment.name == "shop-main"
    assert {service.name: service.state for service in environment.services} == {
        "web": State.RUNNING,
        "api": State.HEALTHY,
        "migrate": State.DONE,
        "db": State.RUNNING,
    }
    assert environment.ownership.release == result.release.id
    assert sorted(entry.action for entry in shop.session.ledger.entries()) == ["attest", "freeze", "up"]


def test_it_runs_images_by_content_only() -> None:
    shop = Shop()
    release = shop.up().release
    frozen = {artifact.image for artifact in release.artifacts}
    assert {container.image for container in shop.engine.observe(Selection()).containers} == frozen
    assert all(image.startswith("sha256:") for image in frozen)


def test_services_start_in_the_order_of_their_conditions() -> None:
    shop = Shop()
    shop.up()
    started = [name.removeprefix("shop-main-g1-").removesuffix("-1") for name in shop.calls("start_container")]
    assert started == ["db", "migrate", "api", "web"]


def test_up_again_changes_nothing() -> None:
    shop = Shop()
    shop.up()
    calls = len(shop.engine.calls)
    assert not shop.up().changed
    assert len(shop.engine.calls) == calls
    assert len(shop.images.requests) == 1


def test_a_new_commit_replaces_the_old_generation() -> None:
    shop = Shop()
    old = shop.up()
    shop.commit("new page")
    new = shop.up()
    generations = {owner.generation for owner in shop.engine.observe(Selection()).owners}
    assert generations == {2}
    assert new.release.id != old.release.id
    assert [entry.action for entry in shop.session.ledger.entries()][:2] == ["attest", "replace"]


def test_the_old_generation_goes_only_when_the_new_one_is_healthy() -> None:
    shop = Shop()
    shop.up()
    shop.commit("broken page")
    shop.engine.behaviours["api"] = Behaviour(health=Health.UNHEALTHY, lines=("no database",))
    with pytest.raises(UnhealthyError) as failure:
        shop.up()
    assert failure.value.where == "api"
    assert "log: no database" in failure.value.details
    (environment,) = shop.environments().values()
    assert environment.ownership.generation == 1
    assert environment.state is State.RUNNING


@pytest.mark.parametrize("service", ["migrate", "api", "web"])
def test_a_failure_leaves_nothing_behind(service: str) -> None:
    shop = Shop(engine=MemoryEngine(behaviours={service: Behaviour(exit_code=3)}))
    with pytest.raises(UnhealthyError, match="exit code 3"):
        shop.up()
    assert shop.is_clean()


@pytest.mark.parametrize(
    "method", ["create_network", "create_volume", "create_container", "start_container", "remove_container"]
)
def test_an_interruption_at_any_point_leaves_nothing_behind(method: str) -> None:
    cancellation = Cancellation()
    engine = MemoryEngine(on_call=on_call(method, cancellation.request))
    if method == "remove_container":
        engine.behaviours["web"] = Behaviour(exit_code=1)
    shop = Shop(engine=engine)
    with pytest.raises((CancelledError, UnhealthyError)):
        shop.up(cancellation=cancellation)
    assert shop.is_clean()


def test_an_interruption_while_waiting_for_health_ends_at_once() -> None:
    cancellation = Cancellation()
    shop = Shop(engine=MemoryEngine(behaviours={"api": Behaviour(health=Health.STARTING)}))
    shop.engine.behaviours["migrate"] = Behaviour(exit_code=0)

    def stop_at_api(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task == "await health of shop-main-g1-api-1":
            cancellation.request()

    shop.on_event = stop_at_api
    with pytest.raises(CancelledError):
        shop.up(cancellation=cancellation)
    assert shop.is_clean()


def test_waiting_has_an_end() -> None:
    shop = Shop(engine=MemoryEngine(behaviours={"api": Behaviour(health=Health.STARTING)}))
    with pytest.raises(TimedOutError) as failure:
        shop.up(timeout=0.05)
    assert failure.value.where == "api"
    assert shop.is_clean()


def test_health_is_seen_even_if_the_engine_tells_nothing() -> None:
    engine = MemoryEngine(behaviours={"api": Behaviour(looks=2)})
    shop = Shop(engine=engine)
    engine.lose_events()
    assert shop.up().environment.state is State.RUNNING


def test_branches_that_sanitise_alike_run_side_by_side() -> None:
    shop = Shop()
    shop.up("feature/a")
    shop.up("feature-a")
    names = sorted(shop.environments())
    assert len(names) == 2
    assert "shop-feature-a" in names
    urls = {environment.url for environment in shop.environments().values()}
    assert len(urls) == 2


def test_a_taken_host_port_is_replaced_by_another() -> None:
    failures = [PortTakenError("port is already allocated")]

    def steal() -> None:
        if failures:
            raise failures.pop()

    shop = Shop(engine=MemoryEngine(on_call=on_call("start_container", steal)))
    environment = shop.up().environment
    assert environment.state is State.RUNNING
    assert any(isinstance(event, Noted) and "other host ports" in event.message for event in shop.events)


def test_host_ports_are_on_the_loopback_and_not_as_written() -> None:
    shop = Shop()
    environment = shop.up().environment
    (port,) = (port for service in environment.services for c in service.containers for port in c.ports)
    assert port.host_ip == "127.0.0.1"
    assert port.host_port != 8080
    assert environment.url == f"http://127.0.0.1:{port.host_port}"


def test_a_branch_keeps_its_url() -> None:
    shop = Shop()
    before = shop.up().environment.url
    shop.down("main")
    assert shop.up().environment.url == before


def test_a_refused_definition_builds_nothing() -> None:
    shop = Shop(compose=COMPOSE.replace("image: shop-db", "image: shop-db\n    privileged: true"))
    with pytest.raises(PolicyError):
        shop.up()
    assert shop.images.requests == []
    assert shop.is_clean()


def test_a_failing_build_makes_nothing_on_the_engine() -> None:
    shop = Shop(images=MemoryImages(failing=["web"]))
    with pytest.raises(BuildError):
        shop.up()
    assert shop.is_clean()
    assert shop.session.ledger.releases() == ()


def test_the_lock_of_another_run_is_respected() -> None:
    shop = Shop()
    with shop.session.ledger.lock("shop-main", purpose="down"), pytest.raises(LockedError):
        shop.up()
    assert shop.is_clean()


def test_an_engine_that_fails_while_undoing_is_reported() -> None:
    def fail() -> None:
        raise EngineError("the engine is on fire")

    engine = MemoryEngine(behaviours={"web": Behaviour(exit_code=1)}, on_call=on_call("remove_network", fail))
    with pytest.raises(LeftoversError, match=r"exit code 1; then .* on fire") as failure:
        Shop(engine=engine).up()
    assert failure.value.details == ("network shop-main-g1_default",)


def test_an_unknown_revision_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        Shop().up("mian")


def test_staging_is_one_environment_for_the_project() -> None:
    shop = Shop()
    assert shop.up("feature/a", role=Role.PREVIEW, name="Try This").environment.name.startswith("try-this")


def test_remains_of_a_killed_run_are_replaced() -> None:
    shop = Shop()
    name = shop.up().environment.name
    victim = next(c.name for c in shop.engine.observe(Selection()).containers if c.service == "web")
    shop.engine.remove_container(victim)
    shop.commit("next")
    shop.up()
    assert set(shop.environments()) == {name}
    assert {owner.generation for owner in shop.engine.observe(Selection()).owners} == {2}


def test_the_plan_is_what_happens() -> None:
    shop = Shop()
    plan = plan_up(shop.session, "main", DeployRequest())
    assert "not frozen yet" in plan.text()
    assert shop.is_clean()
    shop.up()
    done = [e.task for e in shop.events if isinstance(e, TaskFinished) and e.outcome is Outcome.DONE]
    assert sorted(step.id for step in plan) == sorted(
        task for task in done if not task.startswith(("pin", "build", "list packages"))
    )
    assert plan_up(shop.session, "main", DeployRequest()).steps == ()


def test_the_plan_of_a_replacement_ends_with_the_old_generation() -> None:
    shop = Shop()
    shop.up()
    shop.commit("new")
    text = plan_up(shop.session, "main", DeployRequest()).text()
    assert "generation 2" in text
    assert "remove container    shop-main-g1-web-1" in text


def test_nothing_is_built_for_what_there_is_no_room_for() -> None:
    shop = Shop()
    settings = replace(shop.session.settings, quota=Quota(environments=1))
    shop.session = memory_session(source=shop.source, engine=shop.engine, images=shop.images, settings=settings)
    shop.up()
    shop.images.requests.clear()
    with pytest.raises(CapacityError, match=r"quota\.environments"):
        shop.up("feature/a")
    assert shop.images.requests == []
    shop.commit("changed")
    assert shop.up().changed, "what takes another one's place needs none"


def test_a_commit_can_be_said_to_be_of_a_branch_but_not_of_the_default_one() -> None:
    shop = Shop()
    commit = shop.session.source.resolve("feature/a").commit.id
    found = up(Run(shop.session), commit, DeployRequest(branch="feature/x"))
    assert found.environment.ownership.branch == "feature/x"
    assert found.environment.name == environment_name("shop", "feature/x")
    with pytest.raises(UsageError, match="does not hold this commit"):
        up(Run(shop.session), commit, DeployRequest(branch="main"))


def test_what_fails_after_it_was_ready_is_no_success_and_the_next_up_says_what_it_replaces() -> None:
    shop = Shop()
    shop.engine.behaviours["web"] = Behaviour(lines=("ready", "lost the database", " "))

    def end_the_page(event: Event) -> None:
        if isinstance(event, TaskStarted) and event.task.startswith("list packages of web"):
            shop.engine.end_container("shop-main-g1-web-1", 3)

    shop.on_event = end_the_page
    assert shop.up().environment.state is State.FAILED
    told = [event.message for event in shop.events if isinstance(event, Noted)]
    assert "web ended with exit code 3: lost the database" in told
    assert shop.environments()["shop-main"].state is State.FAILED
    shop.up()
    told = [event.message for event in shop.events if isinstance(event, Noted)]
    assert "before it is replaced: web ended with exit code 3: lost the database" in told
    assert shop.environments()["shop-main"].state is not State.FAILED
