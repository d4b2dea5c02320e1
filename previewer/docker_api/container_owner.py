"""Which user and group, by number, a container's image means by a name."""

from __future__ import annotations

import io
import tarfile
from contextlib import closing

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import container_path, get_json, open_stream
from previewer.domain.compose.file_owner import FileOwner, find_owner, needs_names
from previewer.domain.json_value import as_object, as_text
from previewer.errors import ObjectNotFoundError

MOST_BYTES = 1 << 20
"""Of a file of accounts: an image may hold anything under its name."""


def owner_in_container(connection: DockerConnection, container: str, user: str) -> FileOwner:
    """Whom ``user`` means in a container that was made; where it is empty, the image's own user."""
    if not user:
        with translate_errors("inspect it", subject=f"container {container}"):
            found = as_object(get_json(connection, container_path(container, "/json")))
        user = as_text(as_object(found.get("Config")).get("User")) or "0:0"
    if not needs_names(user):
        return find_owner(user)
    return find_owner(
        user,
        _read_text(connection, container, "/etc/passwd"),
        _read_text(connection, container, "/etc/group") if ":" in user else "",
    )


def _read_text(connection: DockerConnection, container: str, path: str) -> str:
    """A small file of a container; empty where there is none."""
    whole = bytearray()
    try:
        with (
            translate_errors("read a file", subject=f"container {container}"),
            closing(open_stream(connection, container_path(container, "/archive"), {"path": path})) as pieces,
        ):
            for piece in pieces:
                whole += piece
                if len(whole) > MOST_BYTES:
                    return ""
        with tarfile.open(fileobj=io.BytesIO(bytes(whole))) as archive:
            file = archive.extractfile(entry) if (entry := archive.next()) is not None and entry.isreg() else None
            return file.read().decode("utf-8", "replace") if file is not None else ""
    except (ObjectNotFoundError, tarfile.TarError):
        return ""
