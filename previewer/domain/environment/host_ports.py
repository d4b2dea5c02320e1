"""Which host ports an environment's services get: chosen before anything starts, so that URLs are known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.routes import EVERY_ADDRESS
from previewer.domain.compose.service import PortMapping
from previewer.domain.engine.observation import Observation, ObservedContainer, PublishedPort

FIRST_PORT = 20000
LAST_PORT = 31999
"""Below the ranges that Linux (32768 up) and macOS (49152 up) take ports of outgoing connections from."""


class PortKey(Struct, frozen=True):
    """One published port of one container."""

    service: str
    number: int
    target: int
    protocol: str


InheritedPorts = Mapping[PortKey, tuple[int, ...]]
"""Host ports of predecessors: a port of a container may be published several times."""
NO_PORTS: InheritedPorts = {}


def assign_ports(
    definition: Definition,
    *,
    seed: str,
    is_free: Callable[[int], bool],
    inherited: InheritedPorts = NO_PORTS,
) -> Mapping[PortKey, int]:
    """A host port for every published port of ``definition``.

    The same ``seed`` (the environment's name) gives the same ports as long as they are free, so that a
    preview keeps its URL when it is made again; a port that is ``inherited`` from a predecessor is taken from it,
    free or not. A port that isolation left fixed (its role may have it) stays as it is; a fixed range is the
    engine's to choose from. Raises :class:`ValueError` when no port is left.
    """
    fixed: dict[PortKey, int] = {}
    preferred: dict[PortKey, None] = {}
    for name, service in definition.services.items():
        for number in range(1, service.replicas + 1):
            for port in service.ports:
                key = PortKey(name, number, port.target, port.protocol)
                if not port.published:
                    preferred[key] = None
                elif port.published.isdecimal():
                    fixed.setdefault(key, int(port.published))
    free = {key: [port for port in inherited.get(key, ()) if port not in fixed.values()] for key in preferred}
    assigned = {key: ports[0] for key, ports in free.items() if ports}
    taken = {*fixed.values(), *assigned.values()}
    for key in preferred:
        if key in assigned:
            continue
        assigned[key] = _first_free(f"{seed}/{key}", lambda p: p not in taken and is_free(p))
        taken.add(assigned[key])
    return {**fixed, **assigned}


class HeldPort(Struct, frozen=True):
    """A fixed host port of a definition that a container of an environment has already."""

    service: str
    """The service that wants it."""
    port: int
    holder: ObservedContainer


def find_held_ports(definition: Definition, observation: Observation) -> Iterator[HeldPort]:
    """The fixed host ports of ``definition`` that are not to be had, in its order.

    A port of one address and the same one of another do not meet; those of every address meet all.
    """
    for service in definition.services.values():
        for mapping in service.ports:
            for holder in observation.containers:
                if any(_meet(mapping, port) for port in holder.ports):
                    yield HeldPort(service.name, int(mapping.published), holder)


def _meet(mapping: PortMapping, port: PublishedPort) -> bool:
    if (mapping.published, mapping.protocol) != (str(port.host_port), port.protocol):
        return False
    return mapping.host_ip == port.host_ip or bool({mapping.host_ip, port.host_ip} & set(EVERY_ADDRESS))


def _first_free(seed: str, is_free: Callable[[int], bool]) -> int:
    count = LAST_PORT - FIRST_PORT + 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) % count
    for offset in range(count):
        port = FIRST_PORT + (start + offset) % count
        if is_free(port):
            return port
    raise ValueError(f"no host port between {FIRST_PORT} and {LAST_PORT} is free")
