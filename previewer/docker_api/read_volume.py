"""What a volume holds, without going through a container that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.idle_container import idle_container, volume_mount

SOURCE = "/.previewer-read"
"""Where the container that is read through has the volume."""


def read_volume(
    connection: DockerConnection, volume: str, *, image: str, labels: Mapping[str, str]
) -> Iterator[bytes]:
    """A tar stream of its content. Raises :class:`ObjectNotFoundError` where the volume is not there."""
    with translate_errors("read it", subject=f"volume {volume}"):
        connection.api.inspect_volume(volume)
    name = f"{volume}-read-{os.urandom(4).hex()}"
    mount = volume_mount(volume, SOURCE, read_only=True)
    with (
        idle_container(connection, name=name, image=image, labels=labels, mount=mount),
        translate_errors("read it", subject=f"volume {volume}"),
    ):
        chunks, _stat = connection.api.get_archive(name, f"{SOURCE}/.")
        yield from chunks
