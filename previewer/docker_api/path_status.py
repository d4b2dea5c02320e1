"""What is at a path of a container's file system, asked one by one (``HEAD /containers/NAME/archive``)."""

from __future__ import annotations

import base64
import tarfile
from contextlib import closing

from msgspec import Struct, field, json

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import container_path, get_headers, open_answer
from previewer.errors import EngineError, ObjectNotFoundError

FOLDER, LINK = 1 << 31, 1 << 27
"""Bits of Go's ``fs.FileMode``."""
_HEADER = "x-docker-container-path-stat"


class PathStatus(Struct, frozen=True):
    """What is at a path."""

    mode: int = 0
    """With Go's bits."""
    size: int = 0
    """Bytes; of a link, those of the path that it leads to."""
    modified: str = field(default="", name="mtime")
    """When it was changed last, as RFC 3339."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a directory."""
        return bool(self.mode & FOLDER)


def folder_owner(connection: DockerConnection, container: str, path: str) -> tuple[int, int, int] | None:
    """Mode (without the bits of the type), user and group of the folder at an absolute path; ``None`` if none is.

    The engine has no question for the owner: its archive of the folder begins with it, and is read no further.
    """
    mode = path_mode(connection, container, path)
    if mode is None or not mode & FOLDER:
        return None
    with translate_errors("look into it", subject=f"container {container}"):
        answer = open_answer(connection, container_path(container, "/archive"), {"path": path})
    answer.raw.decode_content = True  # engines compress it where the HTTP library lets them
    with closing(answer), translate_errors("look into it", subject=f"container {container}"):
        try:
            with tarfile.open(fileobj=answer.raw, mode="r|", bufsize=tarfile.BLOCKSIZE) as archive:
                first = archive.next()
        except tarfile.TarError as error:
            raise EngineError(f"the engine's archive cannot be read: {error}", where=path) from error
    return None if first is None else (first.mode & 0o7777, first.uid, first.gid)


def path_mode(connection: DockerConnection, container: str, path: str) -> int | None:
    """The mode of what is at an absolute path, with Go's bits; ``None`` where nothing is."""
    status = path_status(connection, container, path)
    return status.mode if status is not None else None


def path_status(connection: DockerConnection, container: str, path: str) -> PathStatus | None:
    """What is at an absolute path; ``None`` where nothing is.

    Links in its folders are followed, one at its end is not. Raises :class:`EngineError`.
    """
    try:
        with translate_errors("look into it", subject=f"container {container}"):
            headers = get_headers(connection, container_path(container, "/archive"), {"path": path})
    except ObjectNotFoundError:
        return None
    return json.decode(base64.b64decode(headers.get(_HEADER, "e30=")), type=PathStatus)
