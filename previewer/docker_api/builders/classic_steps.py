"""What the classic builder leaves behind: the nameless images of earlier stages, and of builds that failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from previewer.docker_api.builders.progress import BuildProgress
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import EngineImages
from previewer.errors import EngineError


class ClassicSteps:
    """Removes them when no build of ours runs any more: one may go on from what another has made."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection
        self._guard = threading.Lock()
        self._running = 0
        self._made: list[str] = []

    @contextmanager
    def removed_after(self, progress: BuildProgress) -> Iterator[None]:
        """The block builds, and ``progress`` is told how that goes. Raises nothing of its own."""
        with self._guard:
            self._running += 1
        try:
            yield
        finally:
            with self._guard:
                self._running -= 1
                self._made += progress.made
                made, self._made = ([], self._made) if self._running else (self._made, [])
            for image in reversed(made):
                self._remove(image)

    def _remove(self, image: str) -> None:
        """What has a name, or what a named image was built upon, stays: the engine removes that with it."""
        with suppress(EngineError):
            held = EngineImages(self._connection).inspect(image)
            if held is None or held.tags or held.repository_digests:
                return
            with translate_errors("remove a step of the build", subject=image):
                self._connection.api.remove_image(image)
