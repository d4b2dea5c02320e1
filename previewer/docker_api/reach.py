"""How this process reaches what containers publish: at which address, and which of their ports accept.

No process inside a container is needed. Where a container's processes are this machine's own, the kernel lists
what listens in their network. Elsewhere published ports are connected to. The engine's proxy accepts a connection
before anything listens behind it and then closes it, so a connection counts once it stays open.
"""

from __future__ import annotations

import errno
import re
import socket
import struct
import time
from collections.abc import Collection
from functools import partial
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace

from previewer.background import begin
from previewer.docker_api.answers import Network
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import inspect_container
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get
from previewer.domain.compose.routes import reachable_address
from previewer.domain.engine.observation import ContainerState, ListeningPorts, OpenConnections, PublishedPort
from previewer.errors import EngineError, ObjectNotFoundError

CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
"""Files that Docker and Podman put into containers."""
ROUTES = "/proc/net/route"


def address_to_publish_at(connection: DockerConnection, *, root: Path = Path("/")) -> str:
    """Empty for the loopback address, which is reached from here, or of which a tunnel is made (ssh).

    From a container that has the engine's socket it is that container's gateway, if that is the engine's; of an
    engine behind ``tcp://`` the address that it is spoken to at, if that is a private one. ``root`` is where the
    file system begins.
    """
    if connection.is_local:
        is_inside = any((root / mark.lstrip("/")).exists() for mark in CONTAINER_MARKS)
        gateway = _own_gateway(root) if is_inside else ""
        is_engines = gateway and not is_own_address(gateway) and gateway in _engine_gateways(connection)
        return gateway if is_engines else ""
    parts = urlsplit(connection.host)
    return private_address(parts.hostname or "") if parts.scheme in ("tcp", "http", "https") else ""


def is_own_address(address: str) -> bool:
    """Whether an address is this process's own network's: the engine then shares it, loopback address included."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def private_address(name: str) -> str:
    """The IPv4 address behind a host name; empty for one that other networks know, and for none."""
    try:
        found = socket.gethostbyname(name)
        return found if IPv4Address(found).is_private and not IPv4Address(found).is_loopback else ""
    except (OSError, AddressValueError, UnicodeError):
        return ""


def read_gateway(routes: str) -> str:
    """The default gateway in the kernel's table of IPv4 routes; empty where there is none."""
    for line in routes.splitlines()[1:]:
        columns = line.split()
        if len(columns) > 7 and columns[1] == columns[7] == "00000000":
            return str(IPv4Address(struct.pack("<I", int(columns[2], 16))))
    return ""


def _own_gateway(root: Path) -> str:
    try:
        return read_gateway((root / ROUTES.lstrip("/")).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return ""


def _engine_gateways(connection: DockerConnection) -> frozenset[str]:
    """The addresses of the engine's machine in its own networks; none where it does not tell."""
    try:
        with translate_errors("list networks", subject=connection.host):
            found = get(connection, "/networks").read_list(Network)
    except EngineError:
        return frozenset()
    pools = (pool for network in found for pool in network.pools)
    return frozenset(pool.gateway or _first_address(pool.subnet) for pool in pools)


def _first_address(subnet: str) -> str:
    """The gateway of a network that does not name it, the engine's own ``bridge`` say."""
    try:
        return str(next(IPv4Network(subnet).hosts()))
    except (ValueError, StopIteration):
        return ""


PROCESSES = Path("/proc")
CONNECT_SECONDS = 1.0
"""How long a connection may take to be accepted."""
STAYS_OPEN_SECONDS = 0.15
"""How long an accepted connection has to stay open. A proxy with nothing behind it closes within milliseconds."""
REREAD_SECONDS = 0.5
"""A table takes some ten milliseconds, so it is read again when a count changes, else this often."""
MOST_RECENT = 256
_recent: dict[tuple[str, int], tuple[float, str, str | None]] = {}
"""When the tables of a container and its process were read, what the kernel counted before, and the tables."""
_processes: dict[tuple[str, str], tuple[str, int]] = {}
"""The id and the first process of containers, by engine and name, when they were last inspected."""
_LISTENING = "0A"
_ESTABLISHED = "01"
_UNANSWERED = "02"
"""The kernel's numbers of the states LISTEN, ESTABLISHED and SYN_SENT."""
_IN_USE = re.compile(r"TCP6?: inuse \d+")
_LOOPBACK = re.compile("(0{16}FFFF0000)?.{6}7F|0{24}01000000")
"""127.0.0.0/8, the same mapped into IPv6, and ::1, as the kernel writes them: each four bytes backwards."""


def listening_ports(connection: DockerConnection, name: str, ports: Collection[int]) -> ListeningPorts | None:
    """Which of the TCP ``ports`` of the container ``name`` accept connections; ``None`` where that cannot be told.

    Raises :class:`ObjectNotFoundError`.
    """
    known = _processes.get((connection.host, name))
    if known is not None and (seen := _seen_by_kernel(*known, ports)) is not None:
        return seen  # the kernel knows the process as this container's still
    found = inspect_container(connection, name)
    if connection.is_local and (seen := _seen_by_kernel(found.id, found.process, ports)) is not None:
        if len(_processes) >= MOST_RECENT:
            _processes.clear()
        _processes[connection.host, name] = (found.id, found.process)
        return seen
    return _connect_to(connection, found.detail.ports, ports)


def _seen_by_kernel(container: str, process: int, ports: Collection[int]) -> ListeningPorts | None:
    tables = recent_tables(container, process)
    if tables is None:
        return None
    seen = read_listeners(tables, ports)
    if seen.accepting and not seen.is_refused and failed_attempts(process):
        return replace(seen, is_refused=True)
    return seen


def failed_attempts(process: int) -> int:
    """How many connections begun in the network of ``process`` failed, mostly as they were refused (RFC 4022)."""
    try:
        lines = (PROCESSES / str(process) / "net" / "snmp").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    names, values = (line.split() for line in lines if line.startswith("Tcp:"))
    return int(dict(zip(names, values, strict=False)).get("AttemptFails", "0"))


def open_connections(connection: DockerConnection, name: str, ports: Collection[int]) -> OpenConnections:
    """How many clients are connected to the TCP ``ports`` of a container; none where it is gone or has ended."""
    try:
        found = inspect_container(connection, name)
    except ObjectNotFoundError:
        return OpenConnections(0)
    if found.detail.state is not ContainerState.RUNNING:
        return OpenConnections(0, found.grace)
    tables = kernel_tables(found.id, found.process) if connection.is_local else None
    return OpenConnections(None if tables is None else count_established(tables, ports), found.grace)


def count_established(tables: str, ports: Collection[int]) -> int:
    """The connections to ``ports`` that the kernel's tables name."""
    columns = (line.split() for line in tables.splitlines())
    return sum(
        len(line) > 3 and line[3] == _ESTABLISHED and int(line[1].rpartition(":")[2], 16) in ports
        for line in columns
    )


def kernel_tables(container: str, process: int) -> str | None:
    """The kernel's TCP tables of the network that ``process`` is in; ``None`` unless it belongs to ``container``.

    The number alone does not tell: an engine in a virtual machine numbers processes of its own.
    """
    place = PROCESSES / str(process)
    try:
        if not process or container not in (place / "cgroup").read_text(encoding="ascii", errors="replace"):
            return None
        tables = [place / "net" / f"tcp{version}" for version in ("", "6") if _has_sockets(place, version)]
        return "\n".join(table.read_text(encoding="ascii") for table in tables if table.exists())
    except OSError:
        return None  # the process has ended, or another user's processes are hidden


def _has_sockets(place: Path, version: str) -> bool:
    """Whether a table may have lines: the kernel counts at once, but walks through all sockets for a table."""
    counts = _counts(place, version)
    return counts != f"TCP{version}: inuse 0"


def _counts(place: Path, version: str) -> str:
    """How many TCP sockets the network has; of the other counts some are the whole machine's."""
    try:
        found = _IN_USE.search((place / "net" / f"sockstat{version}").read_text(encoding="ascii"))
    except OSError:
        return ""
    return found.group() if found else ""


def recent_tables(container: str, process: int) -> str | None:
    """:func:`kernel_tables`, as read a moment ago while the kernel counts as many sockets as then."""
    counts = "".join(_counts(PROCESSES / str(process), version) for version in ("", "6"))
    read_at, known_counts, tables = _recent.get((container, process), (-REREAD_SECONDS, "", None))
    if counts and counts == known_counts and time.monotonic() - read_at < REREAD_SECONDS:
        return tables
    if len(_recent) >= MOST_RECENT:
        _recent.clear()
    tables = kernel_tables(container, process)
    _recent[container, process] = (time.monotonic(), counts, tables)
    return tables


def read_listeners(tables: str, ports: Collection[int]) -> ListeningPorts:
    """What the kernel's tables say of ``ports``."""
    everywhere, inside = set[int](), set[int]()
    is_unanswered = False
    for line in tables.splitlines():
        columns = line.split()
        is_unanswered |= len(columns) > 3 and columns[3] == _UNANSWERED
        if len(columns) > 3 and columns[3] == _LISTENING:
            address, _, number = columns[1].partition(":")
            (inside if _LOOPBACK.fullmatch(address) else everywhere).add(int(number, 16))
    reached = frozenset(everywhere)
    return ListeningPorts(
        accepting=reached.intersection(ports),
        inside_only=frozenset(inside - everywhere).intersection(ports),
        others=reached.difference(ports),
        is_refused=is_unanswered,
    )


def _connect_to(
    connection: DockerConnection, published: Collection[PublishedPort], ports: Collection[int]
) -> ListeningPorts | None:
    """What connections from here show; ``None`` where one of ``ports`` is not reachable from here."""
    machine = connection.reached_machine
    if not connection.is_local and not machine:
        return None
    tries = {}
    for port in published:
        address = reachable_address(port.host_ip, machine or None)
        if port.target in ports and port.protocol == "tcp" and address is not None:
            tries[port.target] = begin(partial(accepts, address, port.host_port), name="previewer-connect")
    answers = {target: tried.result() for target, tried in tries.items()}
    if set(answers) != set(ports) or None in answers.values():
        return None
    return ListeningPorts(accepting=frozenset(target for target, answer in answers.items() if answer))


def accepts(address: str, port: int) -> bool | None:
    """Whether something behind a published port accepts connections; ``None`` where it cannot be reached."""
    try:
        connected = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    except ConnectionRefusedError:
        # An engine holds the ports that it publishes, whether or not a proxy of its own listens on them.
        return False if _is_held(address, port) else None
    except OSError:
        return None
    with connected:
        connected.settimeout(STAYS_OPEN_SECONDS)
        try:
            return bool(connected.recv(1))
        except TimeoutError:
            return True
        except OSError:
            return False


def _is_held(address: str, port: int) -> bool:
    """Whether a port of one of this machine's addresses is taken, or the address is another machine's.

    Else the engine's ports are not where they seem to be.
    """
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL)
    return False
