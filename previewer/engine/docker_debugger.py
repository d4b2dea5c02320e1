"""Copies of data, and shells, on a Docker engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.read_volume import read_volume
from previewer.docker_api.terminal import run_attached


class DockerDebugger:
    """An engine behind the Docker API, as :class:`previewer.engine.debugger.Debugger` uses it."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """What a volume holds, as a tar stream."""
        return read_volume(self._docker, volume, image=image, labels=labels)

    def run(self, container: str, *, terminal: bool) -> int:
        """Start it and be its terminal; its exit code."""
        return run_attached(self._docker, container, terminal=terminal)
