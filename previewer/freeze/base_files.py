"""What the base of an image has at a path, looked up one by one in a container that is never started."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from enum import Enum
from types import TracebackType
from typing import Self

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import reading_container
from previewer.docker_api.path_status import FOLDER, LINK, folder_owner, path_mode
from previewer.freeze.canonical.lower_layers import Folder

EMPTY_ROOT = Folder(0o755, 0, 0)


class Found(Enum):
    """What is at a path of an image."""

    NOTHING = "nothing"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class BaseFiles:
    """The container is made for the first question and removed at the end."""

    def __init__(self, connection: DockerConnection, bases: Sequence[str]) -> None:
        """``bases`` is the config digest of the base, or nothing for an image without one."""
        self._connection = connection
        self._bases = bases
        self._containers = ExitStack()
        self._name: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._containers.close()

    def found(self, path: str) -> Found:
        """What is at an absolute path. Raises :class:`EngineError`."""
        if not self._bases:
            return Found.NOTHING
        mode = path_mode(self._connection, self._container, path)
        if mode is None:
            return Found.NOTHING
        return Found.FOLDER if mode & FOLDER else Found.LINK if mode & LINK else Found.OTHER

    def folder(self, path: str) -> Folder | None:
        """The folder at a path from the root, if one is there. Raises :class:`EngineError`."""
        if not self._bases:
            return None if path else EMPTY_ROOT
        owner = folder_owner(self._connection, self._container, f"/{path}")
        return None if owner is None else Folder(*owner)

    @property
    def _container(self) -> str:
        if self._name is None:
            self._name = self._containers.enter_context(reading_container(self._connection, image=self._bases[0]))
        return self._name
