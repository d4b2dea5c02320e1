"""What is at a path of a container's file system, asked one by one (``HEAD /containers/NAME/archive``)."""

from __future__ import annotations

import base64
import json
import tarfile
from contextlib import closing

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.failures import refusal_error
from previewer.docker_api.paths import container_path
from previewer.docker_api.request import open_answer
from previewer.domain.json_value import JsonValue, as_object
from previewer.errors import EngineError

FOLDER, LINK = 1 << 31, 1 << 27
"""Bits of Go's ``fs.FileMode``."""
_HEADER = "X-Docker-Container-Path-Stat"
_MISSING = 404


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
    """The mode of what is at an absolute path, with Go's bits; ``None`` where nothing is.

    Links in its folders are followed, one at its end is not. Raises :class:`EngineError`.
    """
    api = connection.api
    where = f"container {container}"
    with translate_errors("look into it", subject=where):
        answer = api.head(
            f"{api.base_url}/v{api.api_version}{container_path(container, '/archive')}",
            params={"path": path},
            timeout=api.timeout,
        )
    if answer.status_code == _MISSING:
        return None
    if not answer.ok:
        raise refusal_error("look into it", where, answer.status_code, "")
    value: JsonValue = json.loads(base64.b64decode(answer.headers.get(_HEADER, "e30=")))
    mode = as_object(value).get("mode")
    return mode if isinstance(mode, int) else None
