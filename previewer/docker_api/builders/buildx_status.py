"""Read what buildx writes with ``--progress rawjson``: JSON objects on one line or over many, and text."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator

from previewer.docker_api.builders.trace import Vertex, VertexLog
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text


def read_statuses(lines: Iterable[str]) -> Iterator[JsonObject | str]:
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


def decode_status(status: JsonObject) -> tuple[tuple[Vertex, ...], tuple[VertexLog, ...]]:
    """The steps and outputs in one ``SolveStatus`` (moby/buildkit, ``client/graph.go``)."""
    vertexes = tuple(_vertex(as_object(value)) for value in as_list(status.get("vertexes")))
    logs = tuple(_log(as_object(value)) for value in as_list(status.get("logs")))
    return vertexes, logs


def _parse(text: str) -> JsonObject | str:
    try:
        return as_object(json.loads(text))
    except ValueError:
        return text


def _vertex(value: JsonObject) -> Vertex:
    return Vertex(
        digest=as_text(value.get("digest")),
        name=as_text(value.get("name")),
        is_cached=value.get("cached") is True,
        is_started=bool(value.get("started")),
        is_completed=bool(value.get("completed")),
        error=as_text(value.get("error")),
    )


def _log(value: JsonObject) -> VertexLog:
    try:
        content = base64.b64decode(as_text(value.get("data")))
    except binascii.Error:
        content = b""
    return VertexLog(as_text(value.get("vertex")), content)
