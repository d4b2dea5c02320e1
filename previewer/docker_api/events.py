"""The engine's events about containers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.podman import docker_word
from previewer.docker_api.read_container import has_labels
from previewer.docker_api.read_lines import LineReader
from previewer.docker_api.request import open_stream
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


def open_events(connection: DockerConnection, labels: Sequence[str]) -> LineReader[EngineEvent]:
    """Ask for what happens from now on to containers with all of ``labels`` (``key=value``)."""
    filters = json.dumps({"type": ["container"], "label": list(labels)})
    with translate_errors("watch its events", subject=connection.host):
        stream = open_stream(connection, "/events", {"filters": filters})
    return LineReader(stream, partial(read_event, labels=labels))


def read_event(entry: JsonObject, labels: Sequence[str] = ()) -> EngineEvent | None:
    """One object of ``GET /events``; ``None`` for one that is no event, and for what health checks run.

    ``None`` too for a container without all of ``labels``: Podman tells of those that have any of them.
    """
    action = docker_word("container", as_text(entry.get("Action")).partition(":")[0])
    if not action or action.startswith(HEALTH_CHECK_NOISE):
        return None
    attributes = as_object(as_object(entry.get("Actor")).get("Attributes"))
    if not has_labels(attributes, labels):
        return None
    return EngineEvent(as_text(attributes.get("name")), action)
