from __future__ import annotations

import pytest
from msgspec.structs import replace

from previewer.domain.deploy.plan import CreateNetwork, StartContainer, StopContainer, TakePorts
from previewer.domain.deploy.reconcile import plan_generation
from previewer.domain.deploy.takeover import (
    EDGE,
    STANDBY_ADDRESSES,
    Handover,
    PortHandover,
    decide_port_handover,
    decide_return,
    inherited_ports,
    is_on_standby,
    published_address,
)
from previewer.domain.deploy.target import container_spec, network_specs
from previewer.domain.engine.observation import ContainerState, Observation, ObservedNetwork, PublishedPort
from previewer.domain.engine.specs import HOST_BINDING_OPTION, MASQUERADE_OPTION
from previewer.domain.environment.host_ports import PortKey
from previewer.domain.json_value import JsonValue
from tests.domain.values import make_container, make_definition, make_ownership, make_target

KEY = PortKey("web", 1, 80, "tcp")
HELD = PublishedPort(80, "tcp", "127.0.0.1", 20080)
OLD = make_container("web", ports=(HELD,))


def web(*ports: JsonValue, **more: JsonValue) -> dict[str, JsonValue]:
    return {"web": {"image": "web", "networks": {"default": None}, "ports": list(ports), **more}}


def port(address: str = "127.0.0.1", published: str | None = None) -> JsonValue:
    return {"target": 80, "protocol": "tcp", "host_ip": address, **({"published": published} if published else {})}


@pytest.mark.parametrize(
    ("services", "top", "expected"),
    [
        pytest.param(web(port()), {}, "127.0.0.1", id="as isolation leaves it"),
        pytest.param(web(port("10.0.0.5", "80")), {}, "10.0.0.5", id="an address of the host"),
        pytest.param(web(port(), port("10.0.0.5", "80")), {}, None, id="two addresses"),
        pytest.param(web(port("", "80")), {}, None, id="every address"),
        pytest.param(web(port("::1", "80")), {}, None, id="IPv6"),
        pytest.param(web(port("127.0.0.1", "80-90")), {}, None, id="a range"),
        pytest.param(web(), {}, None, id="no port"),
        pytest.param(web(port()), {"networks": {"default": {"external": True}}}, None, id="an external network"),
        pytest.param(web(port()), {"networks": {"default": {"driver": "macvlan"}}}, None, id="no bridge"),
        pytest.param(
            web(port()), {"networks": {"default": {"enable_ipv6": True}}}, None, id="a network with IPv6"
        ),
        pytest.param(web(port(), network_mode="service:db"), {}, None, id="another one's network"),
    ],
)
def test_the_address_that_networks_can_say(
    services: dict[str, JsonValue], top: dict[str, JsonValue], expected: str | None
) -> None:
    assert published_address(make_definition(services, **top)) == expected


@pytest.mark.parametrize(
    ("predecessors", "can_bind", "published", "expected"),
    [
        ((), True, None, PortHandover(binding="127.0.0.1")),
        ((), False, None, PortHandover()),
        ((OLD,), True, None, PortHandover(Handover.REHEARSED, "127.80.0.1", "127.0.0.1", (OLD,))),
        ((OLD,), False, "20080", PortHandover(Handover.STOPPED_FIRST, holders=(OLD,))),
        ((replace(OLD, ports=()),), True, None, PortHandover(binding="127.0.0.1")),
        ((replace(OLD, state=ContainerState.EXITED),), True, None, PortHandover(binding="127.0.0.1")),
    ],
)
def test_how_ports_pass_on(
    predecessors: tuple[object, ...], can_bind: bool, published: str | None, expected: PortHandover
) -> None:
    found = decide_port_handover(
        make_definition(web(port(published=published))),
        {KEY: 20080},
        predecessors=Observation(containers=predecessors),  # type: ignore[arg-type]
        can_bind=can_bind,
        is_free=lambda _address, _port: True,
    )
    assert found == expected


def test_what_will_be_kept_is_rehearsed_though_its_ports_are_free() -> None:
    found = decide_port_handover(
        make_definition(web(port())),
        {KEY: 20080},
        predecessors=Observation(),
        can_bind=True,
        is_free=lambda _address, _port: True,
        is_kept=True,
    )
    assert found == PortHandover(Handover.REHEARSED, "127.80.0.1", "127.0.0.1")
    target = replace(make_target(make_definition(web(port())), ports={KEY: 20080}), port_handover=found)
    take = plan_generation(target).steps[-1]
    assert isinstance(take.action, TakePorts)
    assert "await port 80 of shop-main-g1-web-1" in take.needs


@pytest.mark.parametrize(
    ("bindings", "can_bind", "published", "expected"),
    [
        ({"default": "127.80.0.3", EDGE: "127.0.0.1"}, True, None, Handover.REHEARSED),
        ({"default": "127.0.0.1"}, True, None, Handover.STOPPED_FIRST),
        ({"default": "127.0.0.1", EDGE: "127.0.0.1"}, True, None, Handover.STOPPED_FIRST),
        ({}, False, None, Handover.NONE),
        ({}, False, "20080", Handover.STOPPED_FIRST),
    ],
)
def test_how_what_was_kept_comes_by_its_ports_again(
    bindings: dict[str, str], can_bind: bool, published: str | None, expected: Handover
) -> None:
    owner = make_ownership(generation=1)
    networks = tuple(ObservedNetwork(key, key, key, owner, binding) for key, binding in bindings.items())
    found = decide_return(
        make_definition(web(port(published=published))),
        Observation(networks=networks),
        predecessors=Observation(containers=(OLD, replace(OLD, ports=()))),
        can_bind=can_bind,
    )
    assert found.handover is expected
    assert found.holders == (() if expected is Handover.NONE else (OLD,))


def test_a_rehearsal_goes_where_nothing_listens() -> None:
    def decide(*taken: str) -> PortHandover:
        return decide_port_handover(
            make_definition(web(port())),
            {KEY: 20080},
            predecessors=Observation(containers=(OLD,)),
            can_bind=True,
            is_free=lambda address, _port: address not in taken,
        )

    assert decide("127.80.0.1").binding == "127.80.0.2"
    everywhere = decide(*map(str, STANDBY_ADDRESSES.hosts()))
    assert (everywhere.handover, everywhere.binding) == (Handover.STOPPED_FIRST, "127.0.0.1")


def test_ports_are_inherited_by_service_number_and_port() -> None:
    assert inherited_ports(Observation(containers=(OLD,))) == {KEY: (20080,)}
    twice = replace(OLD, ports=(HELD, replace(HELD, host_port=8080)))
    assert inherited_ports(Observation(containers=(twice,))) == {KEY: (20080, 8080)}
    assert is_on_standby(replace(OLD, ports=(replace(HELD, host_ip="127.80.0.3"),)))
    assert not is_on_standby(OLD)


def test_a_rehearsed_generation_is_joined_to_its_edge_once_the_old_one_has_let_go() -> None:
    port_handover = PortHandover(Handover.REHEARSED, "127.80.0.1", "127.0.0.1", (OLD,))
    target = replace(
        make_target(make_definition(web(port())), ports={KEY: 20080}),
        ownership=make_ownership(generation=2),
        port_handover=port_handover,
    )
    plan = plan_generation(target, action="replace")
    assert plan.text().splitlines()[-2:] == [
        "  stop container      shop-main-g1-web-1    because generation 2 takes over port 20080",
        "  take over ports of  shop-main-g2-web-1    because it is healthy on 127.80.0.1 and belongs on 127.0.0.1",
    ]
    *_rest, stop, take = plan
    assert {f"{CreateNetwork.verb} shop-main-g2-edge", "await port 80 of shop-main-g2-web-1"} <= stop.needs
    assert isinstance(take.action, TakePorts)
    assert take.needs == {stop.id}
    bindings = {key: spec.compose["driver_opts"] for key, spec in network_specs(target)}
    assert bindings["default"] == {HOST_BINDING_OPTION: "127.80.0.1"}
    assert dict(bindings["previewer-edge"])[HOST_BINDING_OPTION] == "127.0.0.1"  # type: ignore[arg-type]
    spec = container_spec(target, target.definition.services["web"], 1)
    assert spec.compose["ports"] == [{"target": 80, "protocol": "tcp", "host_ip": "", "published": "20080"}]
    assert "127.0.0.1:20080" in str(spec.compose["environment"])


def test_the_edge_has_no_way_out_that_the_services_have_not() -> None:
    shut: JsonValue = {"driver_opts": {MASQUERADE_OPTION: "false"}, "x-no-egress": True}
    definition = make_definition(web(port()), networks={"default": shut})
    port_handover = PortHandover(Handover.REHEARSED, "127.80.0.1", "127.0.0.1", (OLD,))
    target = replace(make_target(definition, ports={KEY: 20080}), port_handover=port_handover)
    edge = dict(network_specs(target))["previewer-edge"].compose
    assert edge["x-no-egress"] is True
    assert dict(edge["driver_opts"])[MASQUERADE_OPTION] == "false"  # type: ignore[arg-type]


def test_ports_that_cannot_be_rehearsed_are_let_go_before_the_successor_starts() -> None:
    target = replace(
        make_target(make_definition(web(port("", "20080"))), ports={KEY: 20080}),
        ownership=make_ownership(generation=2),
        port_handover=PortHandover(Handover.STOPPED_FIRST, holders=(OLD,)),
    )
    steps = {type(step.action): step for step in plan_generation(target)}
    assert steps[StartContainer].needs >= {steps[StopContainer].id}
