"""Ports that accept connections: the kernel's tables as text, and what connecting to a proxy shows."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from previewer.docker_api import reach
from previewer.docker_api.reach import accepts, kernel_tables, read_listeners
from tests.free_port import free_port

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"


def line(address: str, state: str = "0A") -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0"


@pytest.mark.parametrize(
    ("address", "accepting", "inside", "others"),
    [
        ("00000000:1F90", {8080}, set(), set()),
        ("0200A8C0:1F90", {8080}, set(), set()),
        ("0100007F:1F90", set(), {8080}, set()),
        ("00000000000000000000000000000000:1F90", {8080}, set(), set()),
        ("00000000000000000000000001000000:1F90", set(), {8080}, set()),
        ("0000000000000000FFFF00000100007F:1F90", set(), {8080}, set()),
        ("0B00007F:A1B2", set(), set(), set()),  # the engine's own name server
        ("00000000:0BB8", set(), set(), {3000}),
    ],
)
def test_the_kernels_tables_say_what_listens(
    address: str, accepting: set[int], inside: set[int], others: set[int]
) -> None:
    found = read_listeners("\n".join((HEAD, line(address))), (8080, 9090))
    ports = (found.accepting, found.inside_only, found.others)
    assert [set(some) for some in ports] == [accepting, inside, others]


def test_connections_are_no_listeners() -> None:
    assert not read_listeners("\n".join((HEAD, line("00000000:1F90", "01"), "", "x")), (8080,)).accepting


def test_a_port_that_is_reached_from_elsewhere_too_is_not_inside_only() -> None:
    found = read_listeners("\n".join((line("0100007F:1F90"), line("00000000:1F90"))), (8080,))
    assert (list(found.accepting), list(found.inside_only)) == ([8080], [])


def test_a_process_of_something_else_says_nothing() -> None:
    assert kernel_tables("no-such-container", 1) is None
    assert kernel_tables("", 0) is None


def test_tables_are_read_again_when_the_kernel_counts_other_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "PROCESSES", tmp_path)
    monkeypatch.setattr(reach, "REREAD_SECONDS", 1e9)
    net = tmp_path / "7" / "net"
    net.mkdir(parents=True)
    (tmp_path / "7" / "cgroup").write_text("0::/docker/abc\n")

    def show(inuse: int, *addresses: str) -> set[int]:
        (net / "sockstat").write_text(f"TCP: inuse {inuse} orphan 0\n")
        (net / "tcp").write_text("\n".join((HEAD, *map(line, addresses))))
        tables = reach.recent_tables("abc", 7)
        assert tables is not None
        return set(read_listeners(tables, (8080,)).accepting)

    assert show(0, "00000000:1F90") == set(), "a table without sockets is not read"
    assert show(1, "00000000:1F90") == {8080}
    assert show(1) == {8080}, "as many sockets as a moment ago are the same"
    assert show(2) == set()


def test_a_connection_that_was_refused_or_is_not_answered_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_listeners(
        "\n".join((HEAD, line("00000000:1F90"), line("0200A8C0:9C40", "02"))), (8080,)
    ).is_refused
    assert not read_listeners("\n".join((HEAD, line("00000000:1F90"))), (8080,)).is_refused
    monkeypatch.setattr(reach, "PROCESSES", tmp_path)
    assert reach.failed_attempts(7) == 0
    counters = tmp_path / "7" / "net" / "snmp"
    counters.parent.mkdir(parents=True)
    counters.write_text(
        "Ip: Forwarding\nIp: 1\nTcp: MaxConn ActiveOpens AttemptFails\nTcp: -1 9 3\nUdp: A\nUdp: 1\n"
    )
    assert reach.failed_attempts(7) == 3


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Something that accepts one connection and does ``answer`` with it; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connected, _ = listener.accept()
            answer(connected)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


def wait_for_the_other(connected: socket.socket) -> None:
    with connected, suppress(ConnectionError):
        connected.recv(1)


def greet(connected: socket.socket) -> None:
    connected.sendall(b"220 hello")
    wait_for_the_other(connected)


@pytest.mark.parametrize(
    ("answer", "expected"), [(socket.socket.close, False), (wait_for_the_other, True), (greet, True)]
)
def test_a_connection_counts_once_it_stays_open(answer: Callable[[socket.socket], None], expected: bool) -> None:
    with server(answer) as port:
        assert accepts("127.0.0.1", port) is expected


def test_a_port_that_only_its_engine_holds_is_silent_and_a_free_one_is_elsewhere() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert accepts("127.0.0.1", held.getsockname()[1]) is False
    assert accepts("127.0.0.1", free_port()) is None
