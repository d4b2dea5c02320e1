"""What a volume holds, without going through a container that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import create_container, remove_container
from previewer.docker_api.errors import translate_errors
from previewer.domain.json_value import JsonObject

SOURCE = "/.previewer-read"
"""Where the container that is read through has the volume."""


def read_volume(
    connection: DockerConnection, volume: str, *, image: str, labels: Mapping[str, str]
) -> Iterator[bytes]:
    """A tar stream of its content. Raises :class:`ObjectNotFoundError` where the volume is not there."""
    with translate_errors("read it", subject=f"volume {volume}"):
        connection.api.inspect_volume(volume)
    name = f"{volume}-read-{os.urandom(4).hex()}"
    mount: JsonObject = {
        "Type": "volume",
        "Source": volume,
        "Target": SOURCE,
        "ReadOnly": True,
        "VolumeOptions": {"NoCopy": True},
    }
    body: JsonObject = {
        "Image": image,
        "Cmd": ["never-started"],
        "Labels": labels,
        "HostConfig": {"NetworkMode": "none", "Mounts": [mount]},
    }
    create_container(connection, name=name, platform="", body=body)
    try:
        with translate_errors("read it", subject=f"volume {volume}"):
            chunks, _stat = connection.api.get_archive(name, f"{SOURCE}/.")
            yield from chunks
    finally:
        remove_container(connection, name)
