"""Host ports of the engine in memory."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.domain.observation import PublishedPort
from previewer.domain.service import PortMapping, Service
from previewer.domain.specification import ContainerSpec
from previewer.errors import PortTakenError

FIRST_PORT = 40_000
LAST_PORT = 65_535


class MemoryPorts:
    """Which host ports are taken, and by what."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, str], str] = {}

    def take(self, spec: ContainerSpec) -> tuple[PublishedPort, ...]:
        """Ports for a container that starts. Raises :class:`PortTakenError` and takes none if one is taken."""
        found: list[PublishedPort] = []
        try:
            for wanted in Service(spec.service, spec.compose).ports:
                number = self._choose(wanted, spec.name)
                self._taken[number, wanted.protocol] = spec.name
                address = wanted.host_ip or "0.0.0.0"  # noqa: S104 - what engines report, nothing is bound
                found.append(PublishedPort(wanted.target, wanted.protocol, address, number))
        except PortTakenError:
            self.release(spec.name)
            raise
        return tuple(sorted(found, key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port)))

    def release(self, container: str) -> None:
        """Give back what a container has."""
        self._taken = {port: holder for port, holder in self._taken.items() if holder != container}

    def _choose(self, wanted: PortMapping, container: str) -> int:
        for number in _candidates(wanted.published):
            if (number, wanted.protocol) not in self._taken:
                return number
        raise PortTakenError(
            f"could not start it: port {wanted.published or 'any'} is already allocated",
            where=f"container {container}",
            hint="stop what uses that host port, or publish the port without naming a host port",
        )


def _candidates(published: str) -> Iterator[int]:
    if not published or published == "0":
        yield from range(FIRST_PORT, LAST_PORT + 1)
        return
    first, _, last = published.partition("-")
    yield from range(int(first), int(last or first) + 1)
