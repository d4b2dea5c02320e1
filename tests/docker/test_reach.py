"""Where published ports are reached from: decided from what a process sees of itself and of the engine."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from previewer.docker_api import reach
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.reach import address_to_publish_at, private_address, read_gateway
from previewer.domain.routing.host_names import place_of
from tests.worlds.docker import EngineFixture, fetch

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t00000000\t{gateway}\t0003\t0\t0\t0\t00000000\t0\t0\t0
"""


def test_the_default_gateway_is_read_from_the_kernels_table() -> None:
    assert read_gateway(ROUTES.format(gateway="010011AC")) == "172.17.0.1"
    assert read_gateway("Iface\tDestination\n") == ""


@pytest.mark.parametrize(
    ("name", "found"), [("10.1.2.3", "10.1.2.3"), ("8.8.8.8", ""), ("127.0.0.1", ""), ("no name", "")]
)
def test_only_private_addresses_are_published_at(name: str, found: str) -> None:
    assert private_address(name) == found


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://main.shop.localhost", ("127.0.0.1", 80)),
        ("http://main.shop.localhost:7080/api", ("127.0.0.1", 7080)),
        ("https://[::1]", ("::1", 443)),
        ("http://10.0.0.1:28843", ("10.0.0.1", 28843)),
    ],
)
def test_where_a_url_leads(url: str, place: tuple[str, int]) -> None:
    assert place_of(url) == place


@pytest.mark.docker
def test_a_container_with_the_socket_reaches_its_gateway(
    tmp_path: Path,
    docker_connection: DockerConnection,
    monkeypatch: pytest.MonkeyPatch,
    engine_fixture: EngineFixture,
) -> None:
    if not docker_connection.is_local:
        pytest.skip("the engine is on another machine")
    assert address_to_publish_at(docker_connection, root=tmp_path) == ""
    (tmp_path / ".dockerenv").touch()
    (tmp_path / "proc" / "net").mkdir(parents=True)
    route = tmp_path / "proc" / "net" / "route"
    route.write_text(ROUTES.format(gateway="04030201"))
    assert address_to_publish_at(docker_connection, root=tmp_path) == "", "the router of another network"
    gateway = lasting_gateway(docker_connection)
    number = "".join(f"{int(part):02X}" for part in reversed(gateway.split(".")))
    route.write_text(ROUTES.format(gateway=number))
    assert address_to_publish_at(docker_connection, root=tmp_path) == "", "the engine is in this very network"
    monkeypatch.setattr(reach, "is_own_address", lambda _address: False)
    assert address_to_publish_at(docker_connection, root=tmp_path) == gateway

    monkeypatch.setenv("PREVIEWER_PUBLISH", gateway)
    made = engine_fixture.up("main")
    assert made["url"].startswith(f"http://{gateway}:")
    assert fetch(made["url"]) == "page of main\n"
    assert f"ports are published at {gateway}; 1 of 1 answer" in engine_fixture.run("doctor")
    monkeypatch.setenv("PREVIEWER_HOST", "engine.example")
    assert engine_fixture.run("url", "main").startswith("http://engine.example:")


def lasting_gateway(connection: DockerConnection) -> str:
    """The engine's own address in its default network: those of other tests go, and their addresses with them."""
    (bridge,) = (network for network in connection.api.networks() if network["Name"] == "bridge")
    (config,) = (config for config in bridge["IPAM"]["Config"] if "." in config["Subnet"])
    return config.get("Gateway") or str(next(IPv4Network(config["Subnet"]).hosts()))
