from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.deploy.plan import CreateContainer
from previewer.domain.deploy.reconcile import plan_generation
from previewer.domain.engine.observation import Observation, PublishedPort
from previewer.domain.environment.host_ports import (
    FIRST_PORT,
    LAST_PORT,
    HeldPort,
    PortKey,
    assign_ports,
    find_held_ports,
)
from previewer.domain.json_value import JsonValue
from tests.domain.values import make_container, make_definition, make_target

WEB = make_definition(
    {"web": {"image": "w", "scale": 2, "ports": [{"target": 80}, {"target": 81, "protocol": "udp"}]}}
)


def test_a_preview_keeps_its_ports() -> None:
    once = assign_ports(WEB, seed="shop-main", is_free=lambda port: True)
    assert once == assign_ports(WEB, seed="shop-main", is_free=lambda port: True)
    assert once != assign_ports(WEB, seed="shop-other", is_free=lambda port: True)
    assert set(once) == {PortKey("web", n, t, p) for n in (1, 2) for t, p in ((80, "tcp"), (81, "udp"))}


@given(st.sets(st.integers(FIRST_PORT, LAST_PORT), max_size=50), st.text())
def test_ports_are_free_and_distinct(taken: set[int], seed: str) -> None:
    ports = assign_ports(WEB, seed=seed, is_free=lambda port: port not in taken)
    assert len(set(ports.values())) == len(ports)
    assert not set(ports.values()) & taken
    assert all(FIRST_PORT <= port <= LAST_PORT for port in ports.values())


def test_no_port_left_is_an_error() -> None:
    with pytest.raises(ValueError, match="no host port"):
        assign_ports(WEB, seed="x", is_free=lambda port: False)


def test_a_fixed_port_stays_and_no_other_gets_it() -> None:
    free = assign_ports(WEB, seed="x", is_free=lambda port: True)[PortKey("web", 1, 80, "tcp")]
    fixed = make_definition(
        {
            "web": {"image": "w", "ports": [{"target": 80}]},
            "zzz": {"image": "z", "ports": [{"target": 1, "published": str(free)}]},
        }
    )
    ports = assign_ports(fixed, seed="x", is_free=lambda port: True)
    assert ports[PortKey("zzz", 1, 1, "tcp")] == free
    assert ports[PortKey("web", 1, 80, "tcp")] != free


def test_a_port_that_is_published_twice_keeps_both() -> None:
    """A fixed port stands in the definition; what is assigned to the key is the free one beside it."""
    twice = make_definition(
        {"web": {"image": "w", "ports": [{"target": 80}, {"target": 80, "published": "8080"}]}}
    )
    (port,) = assign_ports(twice, seed="x", is_free=lambda port: True).values()
    assert FIRST_PORT <= port <= LAST_PORT
    (container,) = [
        s.action.spec
        for s in plan_generation(make_target(twice, ports={PortKey("web", 1, 80, "tcp"): port}))
        if isinstance(s.action, CreateContainer)
    ]
    assert [p.published for p in container.declared.ports] == [str(port), "8080"]


@pytest.mark.parametrize(
    ("host_ip", "held_ip", "protocol", "is_held"),
    [
        ("127.0.0.1", "127.0.0.1", "tcp", True),
        ("127.0.0.1", "0.0.0.0", "tcp", True),
        ("", "127.0.0.1", "tcp", True),
        ("127.0.0.1", "10.0.0.1", "tcp", False),
        ("127.0.0.1", "127.0.0.1", "udp", False),
    ],
)
def test_a_fixed_port_in_use_is_found(host_ip: str, held_ip: str, protocol: str, is_held: bool) -> None:
    wanted: JsonValue = {"target": 80, "published": "8080", "host_ip": host_ip}
    definition = make_definition({"web": {"image": "w", "ports": [{"target": 80}, wanted]}})
    holder = make_container("api", ports=(PublishedPort(1, protocol, held_ip, 8080),))
    found = list(find_held_ports(definition, Observation(containers=(holder,))))
    assert found == ([HeldPort("web", 8080, holder)] if is_held else [])
