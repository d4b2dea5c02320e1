"""What containers and volumes take on the engine's disk. The engine counts it file by file when it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import open_answer
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text

KINDS_SINCE = (1, 42)
"""The API that can be asked for volumes alone."""


def container_sizes(connection: DockerConnection, labels: Sequence[str]) -> Mapping[str, int]:
    """The bytes of the writable layers of containers with all of ``labels`` (``key=value``), by name."""
    with translate_errors("measure containers", subject=connection.host):
        entries: list[JsonValue] = connection.api.containers(all=True, size=True, filters={"label": list(labels)})
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
    with (
        translate_errors("measure volumes", subject=connection.host),
        open_answer(connection, "/system/df", parameters) as response,
    ):
        answer: JsonObject = response.json()
    sizes = {
        as_text(volume.get("Name")): _bytes(as_object(volume.get("UsageData")).get("Size"))
        for volume in map(as_object, as_list(answer.get("Volumes")))
    }
    return {name: size for name, size in sizes.items() if size is not None}


def _bytes(value: JsonValue) -> int | None:
    """A size; the engine says -1 for one that it does not know."""
    return value if isinstance(value, int) and value >= 0 else None
