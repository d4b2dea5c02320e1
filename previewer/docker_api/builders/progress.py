"""Progress of builds, as BuildKit, buildx and the classic builder report it."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from msgspec import DecodeError, Struct, field, json

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _ErrorDetail(Struct, frozen=True):
    message: str = ""


class _Aux(Struct, frozen=True):
    id: str = field(default="", name="ID")


class BuildMessage(Struct, frozen=True):
    """An object that the engine answers to a build."""

    stream: str = ""
    """What the classic builder prints."""
    error: str | None = None
    error_detail: _ErrorDetail | None = field(default=None, name="errorDetail")
    id: str = ""
    """``moby.buildkit.trace`` where ``aux`` is that."""
    aux: str | _Aux | None = None
    """What BuildKit says, in base 64, or the image."""

    @property
    def failure(self) -> str:
        """Why it failed; empty if it did not."""
        return (self.error_detail.message if self.error_detail else "") or self.error or ""


class _StatusVertex(Struct, frozen=True):
    digest: str = ""
    name: str = ""
    cached: bool = False
    started: str | None = None
    completed: str | None = None
    error: str = ""


class _StatusLog(Struct, frozen=True):
    vertex: str = ""
    data: bytes | None = None


class SolveStatus(Struct, frozen=True):
    """What buildx says of a build (moby/buildkit, ``client/graph.go``)."""

    vertexes: list[_StatusVertex] | None = None
    logs: list[_StatusLog] | None = None


class Vertex(Struct, frozen=True):
    """One step of a build, as it is now. It is told again whenever it changes."""

    digest: str
    name: str
    """``[2/3] RUN make``; ``[internal] load metadata for …`` for BuildKit's own steps."""
    is_cached: bool
    is_started: bool
    is_completed: bool
    error: str


class VertexLog(Struct, frozen=True):
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
            vertexes.append(_traced_vertex(value))
        elif number == 3:
            logs.append(_traced_log(value))
    return tuple(vertexes), tuple(logs)


def _traced_vertex(message: bytes) -> Vertex:
    found = dict(_fields(message))
    return Vertex(
        digest=_text(found.get(1)),
        name=_text(found.get(3)),
        is_cached=bool(found.get(4)),
        is_started=5 in found,
        is_completed=6 in found,
        error=_text(found.get(7)),
    )


def _traced_log(message: bytes) -> VertexLog:
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


def read_statuses(lines: Iterable[str]) -> Iterator[SolveStatus | str]:
    """The objects, and every line that belongs to none (warnings, the final error)."""
    waiting: list[str] = []
    for line in lines:
        text = line.rstrip("\r\n")
        if not waiting and not text.startswith("{"):
            if text.strip():
                yield text
            continue
        waiting.append(text)
        # Objects over many lines are indented: only their last line is a lone brace.
        if text == "}" or (len(waiting) == 1 and text.endswith("}")):
            yield _parse("\n".join(waiting))
            waiting = []
    yield from waiting


def _parse(text: str) -> SolveStatus | str:
    try:
        return json.decode(text, type=SolveStatus)
    except DecodeError:
        return text


LAST_LINES = 20
"""Of a failed step's output, kept for the error."""
_OWN_STEPS = ("[internal] ", "copy /context /", "[context ")
"""BuildKit's handling of Dockerfile, contexts and bases, which are here already: of no interest to anybody."""
_CLASSIC_NOISE = (" ---> ", "Removing intermediate container ")
"""The classic builder's ids of what it makes and removes on the way."""
_CLASSIC_STEP = re.compile(r"Step \d+/\d+ : (.*)")
_CLASSIC_IMAGE = re.compile(r" ---> ([0-9a-f]{12})")
_LINE_END = re.compile(rb"\r*\n|\r+(?=[^\r\n])")
"""A carriage return alone ends a line too: programs that download draw their progress over the line before. One at
the end of a piece waits for what comes next."""
_LINE_END_TEXT = re.compile(_LINE_END.pattern.decode())
_CLASSIC_CACHED = " ---> Using cache"


class BuildProgress:
    """Takes the messages of one build, one after the other."""

    def __init__(self) -> None:
        self.image = ""
        """The id of the image, once it is there."""
        self.error = ""
        """Why the build failed; empty if it did not."""
        self.failed_step = ""
        """The instruction that failed, as BuildKit or the classic builder writes it."""
        self.made: list[str] = []
        """The ids of the images that the classic builder has made on the way, in short form, oldest first."""
        self._is_known = False
        """Whether the classic step's image was there before."""
        self._shown: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}
        self._partial: dict[str, bytes] = {}
        self._last: dict[str, deque[str]] = {}
        self._step = ""

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that the failed step printed."""
        return tuple(self._last.get(self.failed_step, ()))

    def take(self, message: BuildMessage) -> Iterator[str]:
        """The lines to show for one message of the engine's stream."""
        if message.error is not None or message.error_detail is not None:
            self.error = message.failure or "the build failed"
            self.failed_step = self.failed_step or self._step
        elif message.id == "moby.buildkit.trace":
            if isinstance(message.aux, str):
                yield from self._take_all(*decode_trace(base64.b64decode(message.aux)))
        elif isinstance(message.aux, _Aux) and message.aux.id:
            self.image = message.aux.id
        elif message.stream:
            yield from self._take_classic(message.stream)

    def take_status(self, status: SolveStatus) -> Iterator[str]:
        """The lines to show for one of buildx's."""
        vertexes = [
            Vertex(
                v.digest,
                v.name,
                v.cached,
                is_started=bool(v.started),
                is_completed=bool(v.completed),
                error=v.error,
            )
            for v in status.vertexes or ()
        ]
        yield from self._take_all(vertexes, [VertexLog(log.vertex, log.data or b"") for log in status.logs or ()])

    def take_complaint(self, line: str) -> None:
        """A line of buildx's that is no status: a warning, a piece of the Dockerfile, or why the build failed."""
        if line.startswith("ERROR: ") or (not self.error and line.startswith(("error: ", "unknown "))):
            self.error = line.removeprefix("ERROR: ")

    def _take_all(self, vertexes: Sequence[Vertex], logs: Sequence[VertexLog]) -> Iterator[str]:
        for vertex in vertexes:
            yield from self._take_vertex(vertex)
        for log in logs:
            yield from self._take_log(log)
        for vertex in vertexes:
            if vertex.is_completed:
                yield from self._end_line(vertex.digest)

    def _take_vertex(self, vertex: Vertex) -> Iterator[str]:
        self._names[vertex.digest] = vertex.name
        if vertex.error and "context canceled" not in vertex.error:
            self.failed_step = vertex.name
        if vertex.name.startswith(_OWN_STEPS) or not vertex.is_started:
            return
        for state in ("started", "CACHED") if vertex.is_cached else ("started",):
            if (vertex.digest, state) not in self._shown:
                self._shown.add((vertex.digest, state))
                yield vertex.name if state == "started" else f"{vertex.name}: cached"

    def _take_log(self, log: VertexLog) -> Iterator[str]:
        *lines, rest = _LINE_END.split(self._partial.get(log.vertex, b"") + log.content)
        self._partial[log.vertex] = rest
        for line in lines:
            yield self._keep(self._names.get(log.vertex, ""), line.decode("utf-8", "replace"))

    def _end_line(self, vertex: str) -> Iterator[str]:
        """What a step printed last, if that did not end with a line's end."""
        if self._partial.get(vertex):
            yield from self._take_log(VertexLog(vertex, b"\n"))

    def _take_classic(self, stream: str) -> Iterator[str]:
        for line in filter(None, _LINE_END_TEXT.split(stream.rstrip("\r\n"))):
            if line.startswith(_CLASSIC_NOISE):
                self._take_image(line.rstrip())
                continue
            if match := _CLASSIC_STEP.fullmatch(line.rstrip()):
                self._step = match[1]
                self._is_known = match[1].upper().startswith("FROM ")
                yield line.rstrip()
            else:
                yield self._keep(self._step, line)

    def _take_image(self, line: str) -> None:
        if line == _CLASSIC_CACHED:
            self._is_known = True
        elif not self._is_known and (match := _CLASSIC_IMAGE.fullmatch(line)):
            self.made.append(match[1])

    def _keep(self, step: str, line: str) -> str:
        self._last.setdefault(step, deque(maxlen=LAST_LINES)).append(line)
        return line
