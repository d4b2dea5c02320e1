"""What an engine's machine has, what containers and volumes take of it, its clock, and when the engine was
started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get_json
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
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
    memory = info.get("MemTotal")
    return MachineResources(
        memory=memory if isinstance(memory, int) and memory > 0 else None,
        free_disk=_free_disk(connection, info),
    )


def _free_disk(connection: DockerConnection, info: JsonObject) -> int | None:
    """An engine in a virtual machine has a root folder too, but not here: its machine's name tells them apart."""
    folder = as_text(info.get("DockerRootDir"))
    is_here = connection.host.startswith("unix://") and as_text(info.get("Name")) == os.uname().nodename
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
        entries = as_list(get_json(connection, "/containers/json", parameters))
    found = {}
    for entry in map(as_object, entries):
        names = as_list(entry.get("Names"))
        if names:
            # Absent for a container that wrote nothing.
            found[as_text(names[0]).lstrip("/")] = _bytes(entry.get("SizeRw")) or 0
    return found


def volume_sizes(connection: DockerConnection) -> Mapping[str, int]:
    """The bytes of all volumes of the engine, by name; without those that it cannot say it of."""
    parameters = {"type": "volume"} if connection.api_version >= KINDS_SINCE else {}
    with translate_errors("measure volumes", subject=connection.host):
        answer = as_object(get_json(connection, "/system/df", parameters, patience=DISK_PATIENCE))
    sizes = {
        as_text(volume.get("Name")): _bytes(as_object(volume.get("UsageData")).get("Size"))
        for volume in map(as_object, as_list(answer.get("Volumes")))
    }
    return {name: size for name, size in sizes.items() if size is not None}


def _bytes(value: JsonValue) -> int | None:
    """A size; the engine says -1 for one that it does not know."""
    return value if isinstance(value, int) and value >= 0 else None


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
            found = as_object(get_json(connection, "/networks/bridge"))
    except ObjectNotFoundError:
        return None
    created = read_timestamp(found.get("Created"))
    return connection.clock.ours(created) if created else None
