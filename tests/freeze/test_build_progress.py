"""What builders say, read from bytes that Docker 20.10 really sent and from the classic builder's words."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from previewer.docker_api.builders.progress import (
    LAST_LINES,
    BuildMessage,
    BuildProgress,
    SolveStatus,
    Vertex,
    VertexLog,
    decode_trace,
)
from previewer.domain.json_value import JsonObject

RECORDED = Path(__file__).parent / "recorded"


def play(messages: list[JsonObject]) -> tuple[BuildProgress, list[str]]:
    progress = BuildProgress()
    return progress, [line for message in messages for line in progress.take(convert(message, BuildMessage))]


def recorded(name: str) -> list[JsonObject]:
    return [json.loads(line) for line in (RECORDED / name).read_text().splitlines() if line]


def test_a_recorded_build_is_shown_step_by_step_and_gives_the_image() -> None:
    progress, lines = play(recorded("buildkit-20.10-built.jsonl"))
    assert progress.image.startswith("sha256:")
    assert len(progress.image) == 71
    assert (progress.error, progress.failed_step) == ("", "")
    step = next(line for line in lines if line.startswith("[3/3] RUN echo hello"))
    assert lines.index(step) < lines.index("hello") < lines.index("onetwon"), "even without a line's end"
    assert lines.count(step) == 1
    assert not any("build context" in line for line in lines)


def test_a_recorded_failure_names_its_step_and_keeps_its_output() -> None:
    progress, _ = play(recorded("buildkit-20.10-failed.jsonl"))
    assert progress.failed_step == "[3/3] RUN echo hello && false"
    assert progress.last_lines == ("hello",)
    assert "exit code: 1" in progress.error
    assert progress.image == ""


def test_the_classic_builder_s_words() -> None:
    progress, lines = play(
        [
            {"stream": "Step 1/2 : FROM a"},
            {"stream": "\n"},
            {"stream": "Step 2/2 : RUN false"},
            {"stream": "oh\nno\n"},
            {"errorDetail": {"code": 1, "message": "The command returned a non-zero code: 1"}, "error": "x"},
        ]
    )
    assert lines == ["Step 1/2 : FROM a", "Step 2/2 : RUN false", "oh", "no"]
    assert (progress.failed_step, progress.last_lines) == ("RUN false", ("oh", "no"))
    assert progress.error == "The command returned a non-zero code: 1"


def test_only_the_last_lines_are_kept() -> None:
    progress, _ = play(
        [{"stream": "Step 1/1 : RUN x"}, {"stream": "\n".join(map(str, range(99)))}, {"error": "x"}]
    )
    assert progress.last_lines == tuple(map(str, range(99 - LAST_LINES, 99)))


def field(number: int, content: bytes) -> bytes:
    size, spelt = len(content), bytearray()
    while size > 0x7F:
        spelt.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *spelt, size]) + content


DRAWN = b"Get:1\r\n10%\r\r 50% \r100%\nwarning\r"
LINES = ["Get:1", "10%", " 50% ", "100%", "warning"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_what_is_drawn_over_the_line_before_is_a_line_of_its_own(size: int) -> None:
    """However the builder cuts the output into pieces."""
    progress = BuildProgress()
    step: JsonObject = {"digest": "d", "name": "RUN apt-get", "started": "now"}
    shown = list(progress.take_status(convert({"vertexes": [step]}, SolveStatus)))
    for begin in range(0, len(DRAWN), size):
        piece = base64.b64encode(DRAWN[begin : begin + size]).decode()
        shown += progress.take_status(convert({"logs": [{"vertex": "d", "data": piece}]}, SolveStatus))
    shown += progress.take_status(convert({"vertexes": [{**step, "completed": "now"}]}, SolveStatus))
    assert shown == ["RUN apt-get", *LINES]


def test_the_classic_builder_s_drawn_lines_are_split_too() -> None:
    assert list(BuildProgress().take(BuildMessage(stream=DRAWN.decode() + "\n"))) == LINES


def test_known_fields_are_read_and_others_skipped() -> None:
    vertex = (
        field(1, b"d")
        + field(2, b"input")
        + field(3, "ü".encode() * 100)
        + b"\x20\x01"
        + field(5, b"")
        + field(7, b"e")
    )
    message = (
        b"\x78\x05"
        + field(1, vertex)
        + field(2, b"status")
        + field(3, field(1, b"d") + field(4, b"\xff\n"))
        + b"\x7d1234"
    )
    assert decode_trace(message) == (
        (Vertex("d", "ü" * 100, is_cached=True, is_started=True, is_completed=False, error="e"),),
        (VertexLog("d", b"\xff\n"),),
    )


@pytest.mark.parametrize("message", [b"\x0a", b"\x0a\x05ab", b"\x80", b"\x0b", b"\xff" * 20, b"\x09123"])
def test_what_is_cut_off_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_trace(message)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    with suppress(ValueError):
        decode_trace(message)
