"""Logs, taken apart."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.docker_api.logs import ERROR, OUTPUT, LogDecoder, LogRecord

STAMP = b"2026-01-02T03:04:05.123456789Z"
AT = datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)


def frame(content: bytes, stream: int = OUTPUT) -> bytes:
    payload = STAMP + b" " + content
    return struct.pack(">BxxxL", stream, len(payload)) + payload


def decode(data: bytes, cuts: list[int], *, has_terminal: bool = False) -> list[LogRecord]:
    decoder = LogDecoder(has_terminal=has_terminal)
    found: list[LogRecord] = []
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        found += decoder.feed(data[start:end])
    return found + decoder.finish()


lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(lines, st.booleans())), st.lists(st.integers(0, 10_000)))
def test_frames_cut_anywhere_give_the_same_lines(written: list[tuple[str, bool]], cuts: list[int]) -> None:
    data = b"".join(frame(text.encode() + b"\n", ERROR if error else OUTPUT) for text, error in written)
    assert decode(data, cuts) == [LogRecord(AT, text, is_error) for text, is_error in written]


@given(st.lists(lines), st.lists(st.integers(0, 10_000)))
def test_a_terminal_cut_anywhere_gives_the_same_lines(written: list[str], cuts: list[int]) -> None:
    data = b"".join(STAMP + b" " + text.encode() + b"\r\n" for text in written)
    assert decode(data, cuts, has_terminal=True) == [LogRecord(AT, text, is_error=False) for text in written]


def test_a_long_line_in_several_frames_is_one_line() -> None:
    letter = "é".encode()
    data = frame(b"a" + letter[:1]) + frame(b"other\n", ERROR) + frame(letter[1:] + b"b\n")
    assert decode(data, []) == [LogRecord(AT, "other", is_error=True), LogRecord(AT, "aéb", is_error=False)]


def test_a_line_that_never_ends_is_still_a_line() -> None:
    assert [record.text for record in decode(frame(b"no newline"), [])] == ["no newline"]
    assert [record.text for record in decode(STAMP + b" prompt> ", [], has_terminal=True)] == ["prompt> "]


@pytest.mark.parametrize(
    ("payload", "text"),
    [(b"\xff\xfe\n", "��"), (b"a\x00b\n", "a\x00b"), (b"\x1b[31mred\n", "\x1b[31mred"), (b"\n", "")],
)
def test_odd_bytes_do_not_stop_it(payload: bytes, text: str) -> None:
    assert [record.text for record in decode(frame(payload), [])] == [text]


def test_a_line_without_a_time_keeps_its_text() -> None:
    payload = b"error from daemon: 2026 is over\n"
    data = struct.pack(">BxxxL", 3, len(payload)) + payload
    assert decode(data, []) == [LogRecord(None, "error from daemon: 2026 is over", is_error=True)]
