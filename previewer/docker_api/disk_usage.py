"""What containers and volumes take on the engine's disk. The engine counts it file by file when it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get_json
from previewer.domain.json_value import JsonValue, as_list, as_object, as_text

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
