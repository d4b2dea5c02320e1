"""Host ports of the engine in memory."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.observation import PublishedPort
from previewer.domain.routes import EVERY_ADDRESS
from previewer.domain.service import PortMapping, Service
from previewer.domain.specification import ContainerSpec
from previewer.errors import PortTakenError

FIRST_PORT = 40_000
LAST_PORT = 65_535


class MemoryPorts:
    """Which host ports are taken, and by what."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[PublishedPort, ...]] = {}
        """By container."""

    def take(self, spec: ContainerSpec, address: str) -> tuple[PublishedPort, ...]:
        """Ports for a container, instead of those that it has; ``address`` is where ports go that name none.

        Raises :class:`PortTakenError` and changes nothing if one is taken.
        """
        found: list[PublishedPort] = []
        for wanted in Service(spec.service, spec.compose).ports:
            at = wanted.host_ip or address
            number = self._choose(wanted, at, spec.name, found)
            found.append(PublishedPort(wanted.target, wanted.protocol, at, number))
        found.sort(key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port))
        self._taken[spec.name] = tuple(found)
        return tuple(found)

    def release(self, container: str) -> None:
        """Give back what a container has."""
        self._taken.pop(container, None)

    def _choose(self, wanted: PortMapping, address: str, container: str, found: list[PublishedPort]) -> int:
        others = [port for holder, ports in self._taken.items() if holder != container for port in ports]
        taken = [port for port in (*others, *found) if port.protocol == wanted.protocol]
        for number in _candidates(wanted.published):
            if not any(port.host_port == number and _meet(port.host_ip, address) for port in taken):
                return number
        raise PortTakenError(
            f"could not start it: port {wanted.published or 'any'} is already allocated",
            where=f"container {container}",
            hint="stop what uses that host port, or publish the port without naming a host port",
        )


def _meet(one: str, other: str) -> bool:
    return one == other or bool({one, other} & set(EVERY_ADDRESS))


def _candidates(published: str) -> Iterator[int]:
    if not published or published == "0":
        yield from range(FIRST_PORT, LAST_PORT + 1)
        return
    first, _, last = published.partition("-")
    yield from range(int(first), int(last or first) + 1)
