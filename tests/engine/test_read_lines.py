"""Answers of one JSON object a line, however the wire cuts them into chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from previewer.docker_api.streams import LineReader, read_objects

NAMES = st.lists(st.text(min_size=1, max_size=5), max_size=5)


class Answer:
    """A body in the chunks that it arrives in."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        self.is_closed = True


class Named(Struct):
    name: str = ""
    a: int = 0
    b: int = 0
    c: int = 0


def name_of(entry: Named) -> str | None:
    return entry.name or None


@given(NAMES, st.integers(1, 9), st.booleans())
def test_every_object_is_read_wherever_chunks_end(names: list[str], size: int, ends: bool) -> None:
    body = b"\n".join(json.dumps({"name": name}).encode() for name in names) + (b"\r\n" if ends else b"")
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert [entry.name for entry in read_objects(chunks, Named)] == names


def test_what_is_no_object_or_was_cut_off_is_left_out() -> None:
    chunks = [b'{"a":1}\n\nnot json\n[1]\n{"b":"2"}\n{"b":2}\n{"c', b'":3']
    assert list(read_objects(chunks, Named)) == [Named(a=1), Named(b=2)]


def test_a_reader_gives_what_each_chunk_completes() -> None:
    answer = Answer(b'{"name":"x"}\n{"name":"y"}\n{"na', b'me":"z"}\n', b'{"other":1}\n')
    reader = LineReader(answer, Named, name_of)
    assert list(reader) == [["x", "y"], ["z"]]
    reader.close()
    assert answer.is_closed
