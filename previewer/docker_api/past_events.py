"""The engine's events about anything, past and present.

An engine keeps the last 256 or so, those of health checks included.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from previewer.docker_api.connection import CALL_TIMEOUT, DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.podman import docker_word
from previewer.docker_api.read_lines import LineReader, read_objects
from previewer.docker_api.request import open_stream
from previewer.docker_api.wire.protocol import PING
from previewer.domain.examination import EngineHappening
from previewer.domain.json_value import JsonObject, as_object, as_text

KINDS = ("container", "network", "image")


def list_past_events(connection: DockerConnection, since: datetime) -> tuple[EngineHappening, ...]:
    """What the engine still knows of what happened since then, oldest first. It ends at the engine's own now.

    That is nothing where ``since`` lies ahead, as it does when the clock was set back: engines call that an error.
    """
    now = _now(connection)
    # Podman says nothing at all where the end is past already; Docker has no other way to end.
    end = {"stream": "false"} if connection.is_podman else {"until": _stamp(now)}
    parameters = {"since": _stamp(min(since.timestamp(), now)), "filters": _filters(), **end}
    with translate_errors("read its events", subject=connection.host):
        entries = tuple(read_objects(open_stream(connection, "/events", parameters)))
    return tuple(event for entry in entries if (event := read_happening(entry)) is not None)


def open_happenings(connection: DockerConnection, since: datetime | None = None) -> LineReader[EngineHappening]:
    """What happens from now on; from ``since`` on, as far as the engine still knows."""
    parameters = {"filters": _filters(), **({"since": _stamp(since.timestamp())} if since else {})}
    with translate_errors("watch it", subject=connection.host):
        return LineReader(open_stream(connection, "/events", parameters), read_happening)


def read_happening(entry: JsonObject) -> EngineHappening | None:
    """One object of the stream; ``None`` for one that is no event."""
    action, _, detail = as_text(entry.get("Action")).partition(":")
    actor, kind = as_object(entry.get("Actor")), as_text(entry.get("Type"))
    attributes = {key: as_text(value) for key, value in as_object(actor.get("Attributes")).items()}
    nanoseconds = entry.get("timeNano")
    if not action or not isinstance(nanoseconds, int):
        return None
    return EngineHappening(
        kind=kind,
        action=docker_word(kind, action),
        detail=detail.strip(),
        subject=as_text(actor.get("ID")),
        name=attributes.get("name", ""),
        at=datetime.fromtimestamp(nanoseconds / 1e9, UTC),
        attributes=attributes,
    )


def engine_time(connection: DockerConnection) -> datetime:
    """What the engine's machine says the time is, to the second; ours where it says nothing."""
    with translate_errors("ask for its time", subject=connection.host):
        answer = connection.wire.exchange(PING, patience=CALL_TIMEOUT)
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _now(connection: DockerConnection) -> float:
    """By the engine's clock, not before now: events until a moment that lies ahead are waited for."""
    return time.time() if connection.is_local else engine_time(connection).timestamp() + 1


def _stamp(seconds: float) -> str:
    return f"{seconds:.9f}"


def _filters() -> str:
    return json.dumps({"type": list(KINDS)})
