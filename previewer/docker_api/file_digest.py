"""What is at a path of a container, as one digest."""

from __future__ import annotations

import hashlib
import io
import tarfile
from contextlib import closing

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import container_path, open_stream

MOST_BYTES = 16 << 20
"""Of an archive: what is larger is no configuration."""


def file_digest(connection: DockerConnection, container: str, path: str) -> str | None:
    """A digest of a file, or of all that is in a folder, without times; ``None`` for what is too large or broken.

    Raises :class:`ObjectNotFoundError` where nothing is there.
    """
    whole = bytearray()
    where, what = container_path(container, "/archive"), f"container {container}"
    with (
        translate_errors("read a file", subject=what),
        closing(open_stream(connection, where, {"path": path})) as pieces,
    ):
        for piece in pieces:
            whole += piece
            if len(whole) > MOST_BYTES:
                return None
    try:
        with tarfile.open(fileobj=io.BytesIO(bytes(whole))) as archive:
            entries = sorted(repr(_described(archive, member)) for member in archive)
    except tarfile.TarError:
        return None
    return f"sha256:{hashlib.sha256(chr(10).join(entries).encode('utf-8', 'surrogateescape')).hexdigest()}"


def _described(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    held = archive.extractfile(member) if member.isreg() else None
    content = hashlib.sha256(held.read()).hexdigest() if held is not None else ""
    return (member.name, member.type, member.mode, member.uid, member.gid, member.linkname, content)
