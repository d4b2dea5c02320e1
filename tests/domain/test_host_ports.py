from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.host_ports import FIRST_PORT, LAST_PORT, PortKey, assign_ports
from tests.domain.values import make_definition

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
