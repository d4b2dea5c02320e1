from __future__ import annotations

from graphlib import TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from previewer.domain.deploy.plan import CreateContainer, DisconnectContainer, Plan, plan_removal
from previewer.domain.deploy.reconcile import join_plans, plan_generation
from previewer.domain.engine.observation import ContainerState, ObservedNetwork
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import JsonValue, as_list, as_object
from previewer.errors import DefinitionError
from tests.domain.values import make_definition, make_observation, make_target

SHOP: dict[str, JsonValue] = {
    "web": {
        "image": "web",
        "networks": {"default": None},
        "ports": [{"target": 80, "protocol": "tcp", "host_ip": "127.0.0.1"}],
        "depends_on": {"api": {"condition": "service_healthy", "required": True}},
    },
    "api": {
        "image": "api",
        "networks": {"default": None},
        "healthcheck": {"test": ["CMD", "true"]},
        "depends_on": {
            "migrate": {"condition": "service_completed_successfully", "required": True},
            "db": {"condition": "service_started", "required": True},
        },
    },
    "migrate": {"image": "api", "networks": {"default": None}},
    "db": {"image": "db", "networks": {"default": None}, "volumes": [{"type": "volume", "source": "data"}]},
}


def test_the_plan_of_a_small_shop() -> None:
    definition = make_definition(SHOP, volumes={"data": {}})
    plan = plan_generation(make_target(definition, ports={PortKey("web", 1, 80, "tcp"): 20080}))
    assert plan.text() == (
        "up shop-main (generation 1, release abababababab)\n"
        "  create network    shop-main-g1_default    because nothing is shared between environments\n"
        "  create volume     shop-main-g1_data       because the definition declares it\n"
        "  create container  shop-main-g1-db-1       because service db runs image 1a0000000000\n"
        "  create container  shop-main-g1-migrate-1  because service migrate runs image 2a0000000000\n"
        "  create container  shop-main-g1-api-1      because service api runs image 0a0000000000\n"
        "  create container  shop-main-g1-web-1      because service web runs image 3a0000000000\n"
        "  start container   shop-main-g1-db-1       because it depends on nothing\n"
        "  await start of    shop-main-g1-db-1       because api depends on it\n"
        "  start container   shop-main-g1-migrate-1  because it depends on nothing\n"
        "  await end of      shop-main-g1-migrate-1  because api depends on it\n"
        "  start container   shop-main-g1-api-1      because it comes after db, migrate\n"
        "  await health of   shop-main-g1-api-1      because web depends on it\n"
        "  start container   shop-main-g1-web-1      because it comes after api\n"
        "  await port 80 of  shop-main-g1-web-1      because up ends when every service has settled"
    )


def test_containers_know_their_urls_before_they_start() -> None:
    plan = plan_generation(make_target(make_definition(SHOP), ports={PortKey("web", 1, 80, "tcp"): 20080}))
    specs = {s.action.spec.service: s.action.spec for s in plan if isinstance(s.action, CreateContainer)}
    environment = as_object(specs["api"].compose["environment"])
    assert environment["PREVIEWER_URL"] == environment["PREVIEWER_URL_WEB"] == "http://127.0.0.1:20080"
    assert as_object(as_list(specs["web"].compose["ports"])[0])["published"] == "20080"


def test_a_start_waits_for_exactly_what_it_depends_on() -> None:
    steps = {step.id: step for step in plan_generation(make_target(make_definition(SHOP)))}
    assert steps["start container shop-main-g1-api-1"].needs == {
        "create container shop-main-g1-api-1",
        "await end of shop-main-g1-migrate-1",
        "start container shop-main-g1-db-1",
    }


def test_dependencies_that_are_not_there_are_not_waited_for() -> None:
    services: dict[str, JsonValue] = {
        "web": {
            "image": "w",
            "depends_on": {
                "none": {"condition": "service_healthy", "required": False},
                "gone": {"condition": "service_started", "required": False},
            },
        },
        "none": {"image": "n", "scale": 0},
    }
    plan = plan_generation(make_target(make_definition(services)))
    assert "none" not in plan.text()
    assert "gone" not in plan.text()


def test_a_circle_is_an_error_that_names_it() -> None:
    circle: dict[str, JsonValue] = {
        name: {"image": "x", "depends_on": {other: {"condition": "service_started", "required": True}}}
        for name, other in (("a", "b"), ("b", "a"))
    }
    with pytest.raises(DefinitionError, match="circle"):
        plan_generation(make_target(make_definition(circle)))


def test_replicas_are_containers() -> None:
    text = plan_generation(make_target(make_definition({"w": {"image": "w", "scale": 3}}))).text()
    assert [n for n in range(1, 5) if f"create container  shop-main-g1-w-{n}" in text] == [1, 2, 3]


def test_removal_disconnects_containers_so_that_networks_go_with_them() -> None:
    plan = plan_removal(make_observation("web", "db"), title="down shop-main", cause="previews are disposable")
    assert plan.text() == (
        "down shop-main\n"
        "  disconnect        shop-main-g1-db-1     because previews are disposable\n"
        "  disconnect        shop-main-g1-web-1    because previews are disposable\n"
        "  remove container  shop-main-g1-db-1     because previews are disposable\n"
        "  remove container  shop-main-g1-web-1    because previews are disposable\n"
        "  remove network    shop-main-g1_default  because previews are disposable\n"
        "  remove volume     shop-main-g1_data     because previews are disposable"
    )
    needs = {step.id: step.needs for step in plan}
    assert needs["remove container shop-main-g1-db-1"] == {"disconnect shop-main-g1-db-1"}
    assert needs["remove network shop-main-g1_default"] == {
        "disconnect shop-main-g1-db-1",
        "disconnect shop-main-g1-web-1",
    }
    assert needs["remove volume shop-main-g1_data"] == {
        "remove container shop-main-g1-db-1",
        "remove container shop-main-g1-web-1",
    }


def test_what_does_not_run_is_in_no_network() -> None:
    observed = make_observation("web")
    ended = replace(
        observed, containers=tuple(replace(c, state=ContainerState.EXITED) for c in observed.containers)
    )
    plan = plan_removal(ended, title="down", cause="it ended")
    assert [step.action.verb for step in plan] == ["remove container", "remove network", "remove volume"]
    assert plan.steps[1].needs == {plan.steps[0].id}


def test_a_network_waits_for_its_own_members_alone() -> None:
    observed = make_observation("web", "db", "job")
    web, db, job = observed.containers
    ownership, default = web.ownership, observed.networks[0]
    back = ObservedNetwork(id="n-back", name="shop-main-g1_back", key="back", ownership=ownership)
    found = replace(
        observed,
        containers=(
            web,
            replace(db, networks=(default.name, back.name, "of-others")),
            replace(job, networks=(back.name,), state=ContainerState.EXITED),
        ),
        networks=(default, back),
    )
    plan = plan_removal(found, title="down", cause="it is over")
    needs = {step.id: step.needs for step in plan}
    assert needs[f"remove network {default.name}"] == {
        "disconnect shop-main-g1-web-1",
        "disconnect shop-main-g1-db-1",
    }
    assert needs[f"remove network {back.name}"] == {
        "disconnect shop-main-g1-db-1",
        "remove container shop-main-g1-job-1",
    }
    left = {
        step.action.name: step.action.networks for step in plan if isinstance(step.action, DisconnectContainer)
    }
    assert left["shop-main-g1-db-1"] == (back.id, default.id)


def test_nothing_to_do_says_so() -> None:
    assert Plan("down", ()).text() == "down\n  nothing to do"


def test_joined_plans_follow_each_other() -> None:
    new = plan_generation(make_target(make_definition({"w": {"image": "w"}})))
    old = plan_removal(make_observation("old"), title="", cause="replaced")
    joined = join_plans("both", new, old)
    assert len(joined) == len(new) + len(old)
    assert all(
        step.needs >= {s.id for s in new} for step in joined if step.action.verb.startswith(("remove", "empty"))
    )


@st.composite
def acyclic_services(draw: st.DrawFn) -> dict[str, JsonValue]:
    names = [f"s{index}" for index in range(draw(st.integers(1, 7)))]
    conditions = st.sampled_from(["service_started", "service_healthy", "service_completed_successfully"])
    services: dict[str, JsonValue] = {}
    for index, name in enumerate(names):
        chosen = draw(st.sets(st.sampled_from(names[:index]))) if index else set()
        depends_on: JsonValue = {
            other: {"condition": draw(conditions), "required": True} for other in sorted(chosen)
        }
        services[name] = {"image": name, "depends_on": depends_on, "scale": draw(st.integers(0, 2))}
    return services


@given(acyclic_services())
def test_every_plan_can_be_walked_and_makes_every_container_once(services: dict[str, JsonValue]) -> None:
    plan = plan_generation(make_target(make_definition(services)))
    TopologicalSorter({step.id: set(step.needs) for step in plan}).prepare()
    made = [step.action.name for step in plan if isinstance(step.action, CreateContainer)]
    wanted = sum(int(str(as_object(service)["scale"])) for service in services.values())
    assert len(made) == len(set(made)) == wanted
