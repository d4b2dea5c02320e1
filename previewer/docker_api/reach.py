"""At which address of the engine's machine ports have to be published to be reached from this process."""

from __future__ import annotations

import socket
import struct
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from previewer.docker_api.answers import Network
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get
from previewer.errors import EngineError

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
