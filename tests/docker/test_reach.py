"""Where published ports are reached from: decided from what a process sees of itself and of the engine."""

from __future__ import annotations

import sys
import tempfile
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from previewer.docker_api import reach
from previewer.docker_api.connection import DockerConnection, connect
from previewer.docker_api.reach import address_to_publish_at, private_address, read_gateway
from previewer.domain import labels
from previewer.domain.routing.host_names import place_of
from tests.docker.base_image import BASE_REFERENCE, is_static_busybox, load_base_image
from tests.docker.own_engine import OwnEngine, why_not
from tests.worlds.docker import EngineFixture, fetch
from tests.worlds.routed import NamedSite

ROOT = Path(__file__).parents[2]
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


ASK = """
import sys, urllib.request
print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=20).read().decode())
"""
SCRIPT = '$0 -m previewer up main && $0 -c "$ASK" "$($0 -m previewer url main)"'


@pytest.mark.docker
def test_a_url_answers_in_a_container_with_the_socket(
    docker_connection: DockerConnection, engine_fixture: EngineFixture
) -> None:
    """Previewer itself runs in the container, with this machine's programs."""
    host = docker_connection.host
    if not host.startswith("unix://") or not docker_connection.is_local:
        pytest.skip("the engine is on another machine")
    programs = ["/usr", "/lib", "/lib64", "/etc/alternatives", sys.base_prefix, sys.prefix, str(ROOT)]
    folders = [folder for folder in dict.fromkeys(programs) if Path(folder).is_dir()]
    repository = str(engine_fixture.repository.path)
    binds = [*(f"{folder}:{folder}:ro" for folder in folders), f"{repository}:{repository}"]
    api = docker_connection.api
    made = api.create_container(
        BASE_REFERENCE,
        ["sh", "-c", SCRIPT, sys.executable],
        working_dir=repository,
        environment={
            "ASK": ASK,
            "CI": "1",
            "HOME": "/tmp",
            "PREVIEWER_ROUTER": "off",
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        labels={labels.INSTALLATION + ".test": engine_fixture.installation},
        host_config=api.create_host_config(binds=[*binds, f"{host.removeprefix('unix://')}:/var/run/docker.sock"]),
    )
    try:
        api.start(made["Id"])
        code = api.wait(made["Id"])["StatusCode"]
        said = api.logs(made["Id"]).decode()
    finally:
        api.remove_container(made["Id"], force=True)
    assert code == 0, said
    assert said.endswith("page of main\n\n")
    assert f"http://{lasting_gateway(docker_connection)}:" in said


@pytest.mark.docker
@pytest.mark.slow
def test_a_url_answers_where_the_engine_is_in_another_network_behind_tcp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (reason := why_not()) or not is_static_busybox():
        pytest.skip(reason or "no static /bin/busybox")
    engine = OwnEngine(Path(tempfile.mkdtemp(prefix="pvt")), "--host", "tcp://0.0.0.0:2375", "--tls=false")
    try:
        address = engine.link()
        with connect(f"tcp://{address}:2375") as connection:
            load_base_image(connection, "reach")
            site = EngineFixture(tmp_path / "site", connection)
            site.up("main")
            url = site.run("url", "main").strip()
            assert url.startswith(f"http://{address}:")
            assert fetch(url) == "page of main\n"
            assert "1 of 1 answer" in site.run("doctor")
            named = NamedSite(site)
            for name, value in named.settings.items():
                monkeypatch.setenv(name, value)
            site.run("replace", "main")
            assert fetch(site.run("url", "main").strip()) == "page of main\n", "names would lead to this machine"
    finally:
        engine.wipe()


def lasting_gateway(connection: DockerConnection) -> str:
    """The engine's own address in its default network: those of other tests go, and their addresses with them."""
    (bridge,) = (network for network in connection.api.networks() if network["Name"] == "bridge")
    (config,) = (config for config in bridge["IPAM"]["Config"] if "." in config["Subnet"])
    return config.get("Gateway") or str(next(IPv4Network(config["Subnet"]).hosts()))
