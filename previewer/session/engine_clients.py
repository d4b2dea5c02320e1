"""One connection to a Docker engine, seen by both stages."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from previewer.docker_api.connection import connect
from previewer.docker_api.image_files import remove_forgotten_readers
from previewer.docker_api.images import EngineImages
from previewer.engine.docker.engine import DockerEngine
from previewer.errors import EngineError, UnsupportedError

if TYPE_CHECKING:  # what only runs or removes is not to pay for building
    from previewer.docker_api.wire.ssh import Forwarding
    from previewer.engine.docker.examiner import DockerDebugger, DockerExaminer
    from previewer.engine.docker.router import DockerRouter
    from previewer.engine.protocol import NodeProbe
    from previewer.freeze.docker.images import DockerImages


class DockerClients:
    """The engine and its images."""

    def __init__(self, host: str | None, *, reached_as: str = "") -> None:
        """Raises :class:`EngineUnreachableError`. ``None`` looks where the docker command would.

        ``reached_as`` is the host name that published ports are reached at from here, where the user says it.
        """
        self._connection = connect(host)
        self._connection.reached_as = reached_as
        self.engine = self._open_engine()
        self._images: DockerImages | None = None
        self._examiner: DockerExaminer | None = None
        self._lock = threading.Lock()

    def _open_engine(self) -> DockerEngine:
        return DockerEngine(self._connection)

    @property
    def images(self) -> DockerImages:
        """The build stage's view: the same one each time, whichever thread comes first."""
        from previewer.freeze.docker.images import DockerImages

        with self._lock:
            if self._images is None:
                self._images = DockerImages(self._connection)
            return self._images

    @property
    def examiner(self) -> DockerExaminer:
        """A close look at it: the same one each time, for it remembers images."""
        from previewer.engine.docker.examiner import DockerExaminer

        with self._lock:
            if self._examiner is None:
                self._examiner = DockerExaminer(self._connection)
            return self._examiner

    def image_sizes(self, images: Collection[str]) -> Mapping[str, int]:
        """Bytes by image (config digest), as the engine counts them; of those that it holds."""
        known = EngineImages(self._connection)
        found = {image: known.inspect(image) for image in images}
        return {image: held.bytes for image, held in found.items() if held is not None}

    @property
    def debugger(self) -> DockerDebugger:
        """Copies of its services."""
        from previewer.engine.docker.examiner import DockerDebugger

        return DockerDebugger(self._connection)

    @property
    def router(self) -> DockerRouter:
        """What leads host names to its environments."""
        from previewer.engine.docker.router import DockerRouter

        return DockerRouter(self._connection)

    def forward(self, places: Iterable[tuple[str, int]]) -> Forwarding:
        """Ports of this machine that lead to places as the engine's machine reaches them."""
        return self._connection.forward(places)

    @property
    def probe(self) -> NodeProbe | None:
        """None: it is a single machine."""
        return None

    def close(self) -> None:
        """End the connection. What killed runs left goes first: they cannot do it themselves."""
        with suppress(EngineError):  # what the command was for is done
            remove_forgotten_readers(self._connection)
        self.engine.close()
        self._connection.close()


NOT_LOOKED_AT = "what tasks do on other nodes is not looked at yet"
INSTEAD = "run it on one engine, without --swarm"


class SwarmClients(DockerClients):
    """A swarm, and the images of the manager that is spoken to."""

    def _open_engine(self) -> DockerEngine:
        from previewer.engine.swarm.engine import SwarmEngine, refuse_other_engines

        refuse_other_engines(self._connection)
        return SwarmEngine(self._connection)

    @property
    def examiner(self) -> DockerExaminer:
        """Raises :class:`UnsupportedError`: drift, parity and the like see one engine's containers."""
        raise UnsupportedError(f"drift, parity and verification need one engine: {NOT_LOOKED_AT}", hint=INSTEAD)

    @property
    def probe(self) -> NodeProbe:
        """A look from its nodes."""
        from previewer.engine.swarm.probe import SwarmProbe

        return SwarmProbe(self._connection)

    @property
    def debugger(self) -> DockerDebugger:
        """Raises :class:`UnsupportedError`."""
        raise UnsupportedError(
            f"copies of services and of their data need one engine: {NOT_LOOKED_AT}", hint=INSTEAD
        )
