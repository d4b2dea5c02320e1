"""The log of one container, opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.log_frames import LogDecoder, LogRecord
from previewer.docker_api.paths import container_path
from previewer.docker_api.request import open_stream
from previewer.docker_api.wire.protocol import OpenAnswer


class LogReader:
    """The lines of one container, in pieces as they arrive, timed by our clock. Another thread may close it."""

    def __init__(
        self, stream: OpenAnswer, *, has_terminal: bool, clock: EngineClock, since: datetime | None = None
    ) -> None:
        """``since`` is a time of the engine's."""
        self._stream = stream
        self._clock = clock
        self._since = since
        self._decoder = LogDecoder(has_terminal=has_terminal)

    def __iter__(self) -> Iterator[Sequence[LogRecord]]:
        """Iterate over the pieces. To be iterated once."""
        for chunk in self._stream:
            if found := self._wanted(self._decoder.feed(chunk)):
                yield found
        if found := self._wanted(self._decoder.finish()):
            yield found

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._stream.close()

    def _wanted(self, records: list[LogRecord]) -> list[LogRecord]:
        """Podman knows whole seconds only: it sends what is older too, and what was in the same second is kept."""
        if (since := self._since) is not None:
            second = since.replace(microsecond=0)
            records = [r for r in records if r.at is None or r.at >= since or r.at == second]
        return [replace(r, at=self._clock.ours(r.at)) if r.at else r for r in records]


def open_logs(
    connection: DockerConnection,
    name: str,
    *,
    has_terminal: bool,
    tail: int | None,
    follow: bool,
    since: datetime | None,
) -> LogReader:
    """Ask for a container's log. Raises :class:`ObjectNotFoundError`."""
    parameters = {
        "stdout": "1",
        "stderr": "1",
        "timestamps": "1",
        "follow": "1" if follow else "0",
        "tail": "all" if tail is None else str(tail),
    }
    if since is not None:
        since = connection.clock.theirs(since)
        parameters["since"] = f"{since.timestamp():.6f}"
    with translate_errors("read its log", subject=f"container {name}"):
        stream = open_stream(connection, container_path(name, "/logs"), parameters)
    return LogReader(stream, has_terminal=has_terminal, clock=connection.clock, since=since)
