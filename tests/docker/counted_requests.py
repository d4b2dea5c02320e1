"""The requests that a connection makes, for tests of how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.wire.protocol import EngineAnswer, EngineRequest, OpenAnswer, Wire


class _CountingWire:
    def __init__(self, real: Wire, requests: list[EngineRequest]) -> None:
        self._real = real
        self._requests = requests

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        self._requests.append(request)
        return self._real.exchange(request, patience=patience)

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        self._requests.append(request)
        return self._real.open(request, patience=patience)

    def close(self) -> None:
        self._real.close()


@contextmanager
def counted_requests(connection: DockerConnection) -> Iterator[list[EngineRequest]]:
    """Those made meanwhile, as they are made."""
    real, requests = connection.wire, list[EngineRequest]()
    connection.wire = _CountingWire(real, requests)
    try:
        yield requests
    finally:
        connection.wire = real
