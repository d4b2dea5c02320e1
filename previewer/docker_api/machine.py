"""What an engine's machine has, what containers and volumes take of it, its clock, and when the engine was
started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from previewer.docker_api.answers import Info, ListedContainer, Network, Volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get
from previewer.errors import ObjectNotFoundError


class MachineResources(Struct, frozen=True):
    """``None`` is unknown."""

    memory: int | None
    """Memory in bytes."""
    free_disk: int | None
    """Bytes that are free where the engine keeps images and volumes."""


def machine_resources(connection: DockerConnection) -> MachineResources:
    """Ask the engine, once; the disk is looked at each time, where it is this machine's."""
    info = connection.info
    return MachineResources(
        memory=info.mem_total if info.mem_total > 0 else None, free_disk=_free_disk(connection, info)
    )


def _free_disk(connection: DockerConnection, info: Info) -> int | None:
    """An engine in a virtual machine has a root folder too, but not here: its machine's name tells them apart."""
    folder = info.docker_root_dir
    is_here = connection.host.startswith("unix://") and info.name == os.uname().nodename
    if not folder or not is_here:
        return None
    try:
        found = os.statvfs(folder)  # what shutil would do, which brings all its compressions along
        return found.f_bavail * found.f_frsize
    except OSError:
        return None


KINDS_SINCE = (1, 42)
"""The API that can be asked for volumes alone."""
DISK_PATIENCE = 3600.0
"""Seconds that an engine may take to count the files of all its volumes."""


def container_sizes(connection: DockerConnection, labels: Sequence[str]) -> Mapping[str, int]:
    """The bytes of the writable layers of containers with all of ``labels`` (``key=value``), by name."""
    with translate_errors("measure containers", subject=connection.host):
        parameters = {"all": "1", "size": "1", "filters": json.dumps({"label": list(labels)})}
        entries = get(connection, "/containers/json", parameters).read_list(ListedContainer)
    return {entry.name: max(entry.size_rw, 0) for entry in entries if entry.names}


def volume_sizes(connection: DockerConnection) -> Mapping[str, int]:
    """The bytes of all volumes of the engine, by name; without those that it cannot say it of."""
    parameters = {"type": "volume"} if connection.api_version >= KINDS_SINCE else {}
    with translate_errors("measure volumes", subject=connection.host):
        found = get(connection, "/system/df", parameters, patience=DISK_PATIENCE).read(Volumes)
    sizes = {volume.name: volume.usage_data.size for volume in found.volumes or () if volume.usage_data}
    return {name: size for name, size in sizes.items() if size >= 0}


def engine_started(connection: DockerConnection) -> datetime | None:
    """When the engine began to serve, on our clock; ``None`` without the default network, which tells.

    An engine that comes back after a crash stops the containers that it finds running, and tells of it as of
    any stop. Then it recreates its default network, and only then accepts connections. One that lets
    containers live on leaves that network alone.
    """
    if connection.is_podman:
        return None
    try:
        with translate_errors("ask when it was started", subject=connection.host):
            found = get(connection, "/networks/bridge").read(Network)
    except ObjectNotFoundError:
        return None
    created = read_timestamp(found.created)
    return connection.clock.ours(created) if created else None
