"""The engine's events, past and present."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct, field

from previewer.docker_api.answers import Answer, Labels
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.podman import docker_word
from previewer.docker_api.reading import has_labels
from previewer.docker_api.request import open_stream
from previewer.docker_api.streams import LineReader, read_objects
from previewer.domain.engine.examination import EngineHappening

HEALTH_CHECK_NOISE = "exec_"
"""The engine's own health checks are reported like commands run by hand: several events a second."""


class _Actor(Answer, frozen=True):
    id: str = field(default="", name="ID")
    attributes: Labels = None


class Event(Answer, frozen=True):
    """An object of ``GET /events``."""

    type: str = ""
    action: str = ""
    """``die``, ``health_status: healthy``; empty for what is no event."""
    actor: _Actor = _Actor()
    nanoseconds: int | None = field(default=None, name="timeNano")


class EngineEvent(Struct, frozen=True):
    """Something happened to a container."""

    container: str
    """The container's name."""
    action: str
    """The engine's word without what follows a colon: ``health_status``."""


def open_events(connection: DockerConnection, labels: Sequence[str]) -> LineReader[Event, EngineEvent]:
    """Ask for what happens from now on to containers with all of ``labels`` (``key=value``)."""
    filters = json.dumps({"type": ["container"], "label": list(labels)})
    with translate_errors("watch its events", subject=connection.host):
        stream = open_stream(connection, "/events", {"filters": filters})
    return LineReader(stream, Event, partial(read_event, labels=labels))


def read_event(entry: Event, labels: Sequence[str] = ()) -> EngineEvent | None:
    """One object of ``GET /events``; ``None`` for one that is no event, and for what health checks run.

    ``None`` too for a container without all of ``labels``: Podman tells of those that have any of them.
    """
    action = docker_word("container", entry.action.partition(":")[0])
    if not action or action.startswith(HEALTH_CHECK_NOISE):
        return None
    attributes = entry.actor.attributes or {}
    return EngineEvent(attributes.get("name", ""), action) if has_labels(attributes, labels) else None


KINDS = ("container", "network", "image")


def list_past_events(connection: DockerConnection, since: datetime) -> tuple[EngineHappening, ...]:
    """What the engine still knows of what happened since then, oldest first. It ends now.

    That is nothing where ``since`` lies ahead, as it does when the clock was set back: engines call that an error.
    """
    now = connection.clock.theirs(datetime.now(UTC)).timestamp()
    if not connection.is_local:
        now += 1  # two clocks are only known to be one to the second
    # Podman says nothing at all where the end is past already; Docker has no other way to end.
    end = {"stream": "false"} if connection.is_podman else {"until": _stamp(now)}
    parameters = {
        "since": _stamp(min(connection.clock.theirs(since).timestamp(), now)),
        "filters": _filters(),
        **end,
    }
    with translate_errors("read its events", subject=connection.host):
        entries = tuple(read_objects(open_stream(connection, "/events", parameters), Event))
    return tuple(event for entry in entries if (event := read_happening(entry, connection.clock)) is not None)


def open_happenings(
    connection: DockerConnection, since: datetime | None = None
) -> LineReader[Event, EngineHappening]:
    """What happens from now on; from ``since`` on, as far as the engine still knows."""
    read = partial(read_happening, clock=connection.clock)
    begin = {"since": _stamp(connection.clock.theirs(since).timestamp())} if since else {}
    with translate_errors("watch it", subject=connection.host):
        return LineReader(open_stream(connection, "/events", {"filters": _filters(), **begin}), Event, read)


def read_happening(entry: Event, clock: EngineClock) -> EngineHappening | None:
    """One object of the stream; ``None`` for one that is no event."""
    action, _, detail = entry.action.partition(":")
    attributes = entry.actor.attributes or {}
    if not action or entry.nanoseconds is None:
        return None
    return EngineHappening(
        kind=entry.type,
        action=docker_word(entry.type, action),
        detail=detail.strip(),
        subject=entry.actor.id,
        name=attributes.get("name", ""),
        at=clock.ours(datetime.fromtimestamp(entry.nanoseconds / 1e9, UTC)),
        attributes=attributes,
    )


def _stamp(seconds: float) -> str:
    return f"{seconds:.9f}"


def _filters() -> str:
    return json.dumps({"type": list(KINDS)})
