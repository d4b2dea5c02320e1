"""One connection to a Docker engine, seen by both stages."""

from __future__ import annotations

from previewer.docker_api.connection import connect
from previewer.engine.docker import DockerEngine
from previewer.freeze.docker_images import DockerImages


class DockerRoom:
    """The engine and its images."""

    def __init__(self, host: str | None) -> None:
        """Raises :class:`EngineUnreachableError`. ``None`` looks where the docker command would."""
        self._connection = connect(host)
        self.engine = DockerEngine(self._connection)
        self.images = DockerImages(self._connection)

    def close(self) -> None:
        """End the connection."""
        self.engine.close()
        self._connection.close()
