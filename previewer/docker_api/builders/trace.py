"""Decode BuildKit's progress, which the engine sends as base64 protobuf under ``moby.buildkit.trace``.

Only the fields that are shown are read, out of ``StatusResponse`` in moby/buildkit's
``api/services/control/control.proto``: ``vertexes`` (1) with digest (1), name (3), cached (4), started (5),
completed (6), error (7); ``logs`` (3) with vertex (1) and msg (4). Unknown fields are skipped, as the wire format
(protobuf.dev/programming-guides/encoding) provides for.
"""

from __future__ import annotations

from collections.abc import Iterator

from previewer.frozen import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Vertex:
    """One step of a build, as it is now. It is told again whenever it changes."""

    digest: str
    name: str
    """``[2/3] RUN make``; ``[internal] load metadata for …`` for BuildKit's own steps."""
    is_cached: bool
    is_started: bool
    is_completed: bool
    error: str


@dataclass(frozen=True, slots=True)
class VertexLog:
    """Bytes that a step printed; not always whole lines."""

    vertex: str
    content: bytes


def decode_trace(message: bytes) -> tuple[tuple[Vertex, ...], tuple[VertexLog, ...]]:
    """The steps and outputs in one message. Raises :class:`ValueError` for bytes that are no such message."""
    vertexes, logs = [], []
    for number, value in _fields(message):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            vertexes.append(_vertex(value))
        elif number == 3:
            logs.append(_log(value))
    return tuple(vertexes), tuple(logs)


def _vertex(message: bytes) -> Vertex:
    found = dict(_fields(message))
    return Vertex(
        digest=_text(found.get(1)),
        name=_text(found.get(3)),
        is_cached=bool(found.get(4)),
        is_started=5 in found,
        is_completed=6 in found,
        error=_text(found.get(7)),
    )


def _log(message: bytes) -> VertexLog:
    found = dict(_fields(message))
    content = found.get(4)
    return VertexLog(_text(found.get(1)), content if isinstance(content, bytes) else b"")


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values, in the order of the wire."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield number, value
            continue
        if kind == _BYTES:
            size, position = _varint(message, position)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind} is not in use")
        if position + size > len(message):
            raise ValueError("a field is cut off")
        yield number, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(message) or shift > 63:
            raise ValueError("a number is cut off")
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position
