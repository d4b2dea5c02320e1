"""One connection to a Docker engine, seen by both stages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from previewer.docker_api.connection import connect
from previewer.engine.docker import DockerEngine

if TYPE_CHECKING:  # what only runs or removes is not to pay for building
    from previewer.freeze.docker_images import DockerImages


class DockerRoom:
    """The engine and its images."""

    def __init__(self, host: str | None) -> None:
        """Raises :class:`EngineUnreachableError`. ``None`` looks where the docker command would."""
        self._connection = connect(host)
        self.engine = DockerEngine(self._connection)
        self._images: DockerImages | None = None
        self._lock = threading.Lock()

    @property
    def images(self) -> DockerImages:
        """The build stage's view: the same one each time, whichever thread comes first."""
        from previewer.freeze.docker_images import DockerImages

        with self._lock:
            if self._images is None:
                self._images = DockerImages(self._connection)
            return self._images

    def close(self) -> None:
        """End the connection."""
        self.engine.close()
        self._connection.close()
