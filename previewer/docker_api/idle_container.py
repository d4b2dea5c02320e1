"""A container that is never started: through it files get into volumes, and out of volumes and images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import create_container, remove_container
from previewer.domain.json_value import JsonObject


@contextmanager
def idle_container(
    connection: DockerConnection,
    *,
    name: str,
    image: str,
    labels: Mapping[str, str],
    mount: JsonObject | None = None,
) -> Iterator[None]:
    """The container is there while the block lasts, in no network; ``mount`` is as a create body has it.

    Raises :class:`ObjectNotFoundError` where the engine has no such image, and :class:`ConflictError` for a taken
    name.
    """
    body: JsonObject = {
        "Image": image,
        "Entrypoint": [],
        "Cmd": ["never-started"],
        "Labels": labels,
        "HostConfig": {"NetworkMode": "none", "Mounts": [mount] if mount else []},
    }
    create_container(connection, name=name, platform="", body=body)
    try:
        yield
    finally:
        remove_container(connection, name)


def volume_mount(volume: str, target: str, *, read_only: bool = False) -> JsonObject:
    """A volume at ``target``; nothing that the image has there is copied into it."""
    return {
        "Type": "volume",
        "Source": volume,
        "Target": target,
        "ReadOnly": read_only,
        "VolumeOptions": {"NoCopy": True},
    }
