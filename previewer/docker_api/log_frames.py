"""A container's log as the engine sends it, taken apart into lines.

Without a terminal both streams share one connection in frames: one byte for the stream (1 output, 2 error, 3 the
engine's own complaint), three of nothing, four for the length (Engine API, ``ContainerAttach``, "Stream format").
With a terminal the bytes come as they are.
"""

from __future__ import annotations

import struct
from datetime import datetime

from previewer.frozen import dataclass

OUTPUT, ERROR = 1, 2
_HEADER = struct.Struct(">BxxxL")
_TIMESTAMP_LENGTH = len("2026-01-01T00:00:00Z")
"""The shortest that there is."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of one container."""

    at: datetime | None
    text: str
    """Without the line's end; bytes that are not UTF-8 replaced."""
    is_error: bool


@dataclass(slots=True)
class _Unfinished:
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
