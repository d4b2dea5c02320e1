"""Which host ports an environment's services get: chosen before anything starts, so that URLs are known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from previewer.domain.definition import Definition

FIRST_PORT = 20000
LAST_PORT = 31999
"""Below the ranges that Linux (32768 up) and macOS (49152 up) take ports of outgoing connections from."""


@dataclass(frozen=True, slots=True)
class PortKey:
    """One published port of one container."""

    service: str
    number: int
    target: int
    protocol: str


def assign_ports(definition: Definition, *, seed: str, is_free: Callable[[int], bool]) -> Mapping[PortKey, int]:
    """A host port for every published port of ``definition``.

    The same ``seed`` (the environment's name) gives the same ports as long as they are free, so that a
    preview keeps its URL when it is made again. A port that isolation left fixed (its role may have it) stays as
    it is; a fixed range is the engine's to choose from. Raises :class:`ValueError` when no port is left.
    """
    found: dict[PortKey, int] = {}
    taken: set[int] = set()
    for name, service in definition.services.items():
        for number in range(1, service.replicas + 1):
            for port in service.ports:
                key = PortKey(name, number, port.target, port.protocol)
                if port.published:
                    if port.published.isdecimal():
                        found[key] = int(port.published)
                    continue
                found[key] = _first_free(f"{seed}/{key}", lambda p: p not in taken and is_free(p))
                taken.add(found[key])
    return found


def _first_free(seed: str, is_free: Callable[[int], bool]) -> int:
    count = LAST_PORT - FIRST_PORT + 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) % count
    for offset in range(count):
        port = FIRST_PORT + (start + offset) % count
        if is_free(port):
            return port
    raise ValueError(f"no host port between {FIRST_PORT} and {LAST_PORT} is free")
