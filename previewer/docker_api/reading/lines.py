"""Answers of one JSON object a line, by which the engine reports events and progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from previewer.docker_api.wire.protocol import OpenAnswer
from previewer.domain.json_value import JsonObject, as_object

Item = TypeVar("Item")


class LineReader(Generic[Item]):
    """What the lines of a stream say, in pieces as they arrive. Closable from another thread."""

    def __init__(self, stream: OpenAnswer, read: Callable[[JsonObject], Item | None]) -> None:
        """``read`` says what an object means; ``None`` is left out."""
        self._stream = stream
        self._read = read

    def __iter__(self) -> Iterator[Sequence[Item]]:
        """Iterate over the pieces. To be iterated once."""
        for objects in _pieces(self._stream):
            if found := [item for one in objects if (item := self._read(one)) is not None]:
                yield found

    def close(self) -> None:
        """End it. Closing twice is fine."""
        self._stream.close()


def read_objects(chunks: Iterable[bytes]) -> Iterator[JsonObject]:
    """The objects of a stream as they arrive; a line that is none, such as one that was cut off, is left out."""
    for objects in _pieces(chunks):
        yield from objects


def _pieces(chunks: Iterable[bytes]) -> Iterator[list[JsonObject]]:
    """The objects that each chunk completes."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield [found for line in lines if (found := _parse(line))]
    yield [found for found in [_parse(rest)] if found]


def _parse(line: bytes) -> JsonObject:
    """The object; empty for anything else."""
    try:
        return as_object(json.loads(line))
    except ValueError:
        return {}
