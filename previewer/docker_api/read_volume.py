"""What a volume holds, without going through a container that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.idle_container import idle_container, volume_mount
from previewer.domain.specification import FILL_FOLDER


def read_volume(
    connection: DockerConnection, volume: str, *, image: str, labels: Mapping[str, str]
) -> Iterator[bytes]:
    """A tar stream of it as a folder :data:`FILL_FOLDER`, with owners and modes.

    Raises :class:`ObjectNotFoundError` where the volume is not there.
    """
    with translate_errors("read it", subject=f"volume {volume}"):
        connection.api.inspect_volume(volume)
    name = f"{volume}-read-{os.urandom(4).hex()}"
    mount = volume_mount(volume, f"/{FILL_FOLDER}", read_only=True)
    with (
        idle_container(connection, name=name, image=image, labels=labels, mount=mount),
        translate_errors("read it", subject=f"volume {volume}"),
    ):
        chunks, _stat = connection.api.get_archive(name, f"/{FILL_FOLDER}")
        yield from chunks
