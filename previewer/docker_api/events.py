"""The engine's events about containers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.podman import docker_word
from previewer.docker_api.read_container import has_labels
from previewer.docker_api.request import open_stream
from previewer.docker_api.wire import OpenAnswer
from previewer.domain.json_value import JsonObject, as_object, as_text
from previewer.frozen import dataclass

HEALTH_CHECK_NOISE = "exec_"
"""The engine's own health checks are reported as commands that somebody ran: several events a second."""


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something happened to a container."""

    container: str
    """Its name."""
    action: str
    """The engine's word without what follows a colon: ``health_status``."""
    at: datetime


class EventReader:
    """The events of containers, in pieces as they arrive. Closable from another thread."""

    def __init__(self, stream: OpenAnswer, labels: Sequence[str] = ()) -> None:
        self._stream = stream
        self._labels = labels

    def __iter__(self) -> Iterator[Sequence[EngineEvent]]:
        """Iterate over the pieces. To be iterated once."""
        rest = b""
        for chunk in self._stream:
            *lines, rest = (rest + chunk).split(b"\n")
            if found := [event for line in lines if (event := read_event(line, self._labels)) is not None]:
                yield found

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._stream.close()


def open_events(connection: DockerConnection, labels: Sequence[str]) -> EventReader:
    """Ask for what happens from now on to containers with all of ``labels`` (``key=value``)."""
    filters = json.dumps({"type": ["container"], "label": list(labels)})
    with translate_errors("watch its events", subject=connection.host):
        return EventReader(open_stream(connection, "/events", {"filters": filters}), labels)


def read_event(line: bytes, labels: Sequence[str] = ()) -> EngineEvent | None:
    """One line of ``GET /events``; ``None`` for an empty one and for what health checks run.

    ``None`` too for a container without all of ``labels``: Podman tells of those that have any of them.
    """
    if not line.strip():
        return None
    try:
        entry: JsonObject = json.loads(line)
    except ValueError:
        return None
    action = docker_word("container", as_text(entry.get("Action")).partition(":")[0])
    if not action or action.startswith(HEALTH_CHECK_NOISE):
        return None
    attributes = as_object(as_object(entry.get("Actor")).get("Attributes"))
    if not has_labels(attributes, labels):
        return None
    nanoseconds = entry.get("timeNano")
    seconds = nanoseconds / 1e9 if isinstance(nanoseconds, int) else 0.0
    return EngineEvent(as_text(attributes.get("name")), action, datetime.fromtimestamp(seconds, UTC))
