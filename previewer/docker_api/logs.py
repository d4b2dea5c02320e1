"""The log of one container, opened and taken apart into lines."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import EngineClock
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import container_path, open_stream
from previewer.docker_api.wire.protocol import OpenAnswer

OUTPUT, ERROR = 1, 2
_HEADER = struct.Struct(">BxxxL")
_TIMESTAMP_LENGTH = len("2026-01-01T00:00:00Z")
"""The shortest that there is."""


class LogRecord(Struct, frozen=True):
    """One line of one container."""

    at: datetime | None
    text: str
    """Without the line's end; bytes that are not UTF-8 replaced."""
    is_error: bool


class _Unfinished(Struct):
    at: datetime | None
    content: bytearray


class LogDecoder:
    """Turns chunks of bytes, cut anywhere, into lines. Every line is expected to begin with its time."""

    def __init__(self, *, has_terminal: bool) -> None:
        self._has_terminal = has_terminal
        self._rest = bytearray()
        self._unfinished: dict[int, _Unfinished] = {}

    def feed(self, chunk: bytes) -> list[LogRecord]:
        """The lines that ``chunk`` completes."""
        self._rest += chunk
        return self._feed_lines() if self._has_terminal else self._feed_frames()

    def finish(self) -> list[LogRecord]:
        """What is left of lines that never ended."""
        if self._has_terminal and self._rest:
            self._append(OUTPUT, bytes(self._rest))
        self._rest.clear()
        return [self._complete(stream) for stream in sorted(self._unfinished)]

    def _feed_lines(self) -> list[LogRecord]:
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        found = []
        for line in lines:
            self._append(OUTPUT, bytes(line))
            found.append(self._complete(OUTPUT))
        return found

    def _feed_frames(self) -> list[LogRecord]:
        found: list[LogRecord] = []
        position = 0
        while len(self._rest) - position >= _HEADER.size:
            stream, length = _HEADER.unpack_from(self._rest, position)
            end = position + _HEADER.size + length
            if len(self._rest) < end:
                break
            found += self._take_frame(stream, bytes(self._rest[position + _HEADER.size : end]))
            position = end
        del self._rest[:position]
        return found

    def _take_frame(self, stream: int, payload: bytes) -> list[LogRecord]:
        """A long line comes in several frames, each with its time; only the last one ends with a newline."""
        if not payload.endswith(b"\n"):
            self._append(stream, payload)
            return []
        found = []
        for line in payload[:-1].split(b"\n"):
            self._append(stream, line)
            found.append(self._complete(stream))
        return found

    def _append(self, stream: int, piece: bytes) -> None:
        at, content = _split_time(piece)
        unfinished = self._unfinished.setdefault(stream, _Unfinished(at, bytearray()))
        unfinished.content += content

    def _complete(self, stream: int) -> LogRecord:
        unfinished = self._unfinished.pop(stream)
        text = unfinished.content.removesuffix(b"\r").decode("utf-8", "replace")
        return LogRecord(unfinished.at, text, is_error=stream >= ERROR)


def _split_time(piece: bytes) -> tuple[datetime | None, bytes]:
    stamp, _, content = piece.partition(b" ")
    if len(stamp) >= _TIMESTAMP_LENGTH and stamp[:2].isdigit():
        try:
            return datetime.fromisoformat(stamp.decode("ascii")), content
        except ValueError:
            return None, piece
    return None, piece


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
    path: Callable[[str, str], str] = container_path,
) -> LogReader:
    """Ask for the log of a container, or of what ``path`` leads to. Raises :class:`ObjectNotFoundError`."""
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
    with translate_errors("read its log", subject=path(name, "").strip("/")):
        stream = open_stream(connection, path(name, "/logs"), parameters)
    return LogReader(stream, has_terminal=has_terminal, clock=connection.clock, since=since)
