"""What BuildKit, buildx and the classic builder say while they build, as lines and an end. Pure."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterator, Sequence

from previewer.docker_api.builders.buildx_status import decode_status
from previewer.docker_api.builders.trace import Vertex, VertexLog, decode_trace
from previewer.domain.json_value import JsonObject, as_object, as_text

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

    def take(self, message: JsonObject) -> Iterator[str]:
        """The lines to show for one message of the engine's stream."""
        if "error" in message or "errorDetail" in message:
            detail = as_text(as_object(message.get("errorDetail")).get("message"))
            self.error = detail or as_text(message.get("error")) or "the build failed"
            self.failed_step = self.failed_step or self._step
        elif message.get("id") == "moby.buildkit.trace":
            yield from self._take_all(*decode_trace(base64.b64decode(as_text(message.get("aux")))))
        elif image := as_text(as_object(message.get("aux")).get("ID")):
            self.image = image
        elif stream := as_text(message.get("stream")):
            yield from self._take_classic(stream)

    def take_status(self, status: JsonObject) -> Iterator[str]:
        """The lines to show for one of buildx's."""
        yield from self._take_all(*decode_status(status))

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
