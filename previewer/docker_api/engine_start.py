"""When the engine was started: what ended with its predecessor was ended by nobody."""

from __future__ import annotations

from datetime import datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import read_moment
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import get_json
from previewer.domain.json_value import as_object
from previewer.errors import ObjectNotFoundError


def engine_started(connection: DockerConnection) -> datetime | None:
    """When the engine began to serve, on our clock; ``None`` without the default network, which tells.

    An engine that comes back after a crash stops the containers that it finds running, and tells of it as of
    anybody's stop. Then it makes its default network anew, and only then listens to people. One that lets
    containers live on leaves that network alone.
    """
    if connection.is_podman:
        return None
    try:
        with translate_errors("ask when it was started", subject=connection.host):
            found = as_object(get_json(connection, "/networks/bridge"))
    except ObjectNotFoundError:
        return None
    created = read_moment(found.get("Created"))
    return connection.clock.ours(created) if created else None
