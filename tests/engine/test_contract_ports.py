"""What every engine promises of published ports, and of networks that move them."""

from __future__ import annotations

from pathlib import Path

import pytest

from previewer.docker_api import reach
from previewer.domain.engine.specs import HOST_BINDING_OPTION
from previewer.domain.json_value import JsonValue
from previewer.engine.protocol import HOST_BINDING
from previewer.errors import ConflictError, PortTakenError
from tests.eventually import eventually
from tests.free_port import free_port
from tests.worlds.engine import ContractFixture


def publish(bench: ContractFixture, port: int, *networks: str) -> str:
    """A running container that publishes ``port`` wherever its network says."""
    ports: list[JsonValue] = [{"target": 80, "protocol": "tcp", "published": str(port), "host_ip": ""}]
    return bench.run(ports=ports, networks=dict.fromkeys(networks))


def bound(bench: ContractFixture, key: str, address: str) -> str:
    return bench.make_network(key, driver_opts={HOST_BINDING_OPTION: address})


def addresses(bench: ContractFixture, name: str) -> set[str]:
    seen = {port.host_ip for port in bench.engine.inspect_container(name).ports}
    assert seen == {port.host_ip for port in bench.find(name).ports}
    return seen


def test_a_network_says_where_ports_are_and_a_gateway_moves_them(bench: ContractFixture) -> None:
    bench.needs(HOST_BINDING)
    port = free_port()
    bound(bench, "default", "127.80.0.77")
    edge = bound(bench, "-edge", "127.0.0.1")
    name = publish(bench, port, "default")
    assert addresses(bench, name) == {"127.80.0.77"}
    bench.engine.connect_network(name, edge, is_gateway=True)
    assert addresses(bench, name) == {"127.0.0.1"}
    bench.engine.stop_container(name, grace=0)
    assert bench.engine.inspect_container(name).ports == ()
    bench.engine.start_container(name)
    assert addresses(bench, name) == {"127.0.0.1"}


def test_a_port_that_is_taken_is_not_moved_to(bench: ContractFixture) -> None:
    bench.needs(HOST_BINDING)
    port = free_port()
    bound(bench, "default", "127.0.0.1")
    bound(bench, "other", "127.80.0.77")
    edge = bound(bench, "-edge", "127.0.0.1")
    publish(bench, port, "default")
    spec = bench.container_spec(
        number=2,
        ports=[{"target": 80, "protocol": "tcp", "published": str(port), "host_ip": ""}],
        networks={"other": None},
    )
    bench.engine.create_container(spec)
    bench.engine.start_container(spec.name)
    with pytest.raises(PortTakenError):
        bench.engine.connect_network(spec.name, edge, is_gateway=True)


def test_a_taken_port_is_a_conflict_when_it_starts(bench: ContractFixture) -> None:
    bench.make_network()
    first = bench.run("sleeper", number=1, networks={"default": {}}, ports=[_port(bench)])
    [port] = bench.find(first).ports
    second = bench.make("sleeper", number=2, networks={"default": {}}, ports=[_port(bench, str(port.host_port))])
    with pytest.raises(ConflictError, match=r"allocated|in use"):
        bench.engine.start_container(second)
    bench.engine.remove_container(first)
    bench.engine.start_container(second)
    assert [p.host_port for p in bench.find(second).ports] == [port.host_port]


def test_a_published_port_is_seen_where_it_was_asked_for(bench: ContractFixture) -> None:
    bench.make_network()
    name = bench.run("sleeper", networks={"default": {}}, ports=[_port(bench)])
    [port] = bench.find(name).ports
    assert (port.target, port.protocol, port.host_ip) == (80, "tcp", "127.0.0.1")
    assert port.host_port > 1024


def _port(bench: ContractFixture, published: str = "") -> dict[str, str | int]:
    return {"target": 80, "protocol": "tcp", "host_ip": bench.publish_at, "published": published}


@pytest.mark.parametrize("are_processes_visible", [True, False])
def test_what_listens_on_its_ports_is_told_from_what_only_publishes_them(
    bench: ContractFixture, are_processes_visible: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel says it; connections to the engine's proxy do, as with an engine in a virtual machine."""
    if not are_processes_visible:
        monkeypatch.setattr(reach, "PROCESSES", tmp_path)
    bench.make_network()
    ports: list[JsonValue] = [{**_port(bench), "target": target} for target in (80, 81)]
    server = bench.run("server", networks={"default": {}}, ports=ports)

    def accepting() -> frozenset[int] | None:
        found = bench.engine.listening_ports(server, (80, 81))
        return found.accepting if found is not None else None

    eventually(lambda: accepting() in (None, {80}), what="port 80 accepts connections, and port 81 does not")
    sleeper = bench.run("sleeper", number=2, networks={"default": {}}, ports=ports)
    silent = bench.engine.listening_ports(sleeper, (80,))
    assert silent is None or not silent.accepting
