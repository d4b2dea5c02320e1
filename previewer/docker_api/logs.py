"""The log of one container, opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.log_frames import LogDecoder, LogRecord
from previewer.docker_api.paths import container_path
from previewer.docker_api.request import open_stream
from previewer.docker_api.wire.protocol import OpenAnswer


class LogReader:
    """The lines of one container, in pieces as they arrive. Closable from another thread."""

    def __init__(self, stream: OpenAnswer, *, has_terminal: bool, since: datetime | None = None) -> None:
        self._stream = stream
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
        if (since := self._since) is None:
            return records
        second = since.replace(microsecond=0)
        return [record for record in records if record.at is None or record.at >= since or record.at == second]


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
        parameters["since"] = f"{since.timestamp():.6f}"
    with translate_errors("read its log", subject=f"container {name}"):
        stream = open_stream(connection, container_path(name, "/logs"), parameters)
    return LogReader(stream, has_terminal=has_terminal, since=since)
