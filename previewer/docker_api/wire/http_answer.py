"""An answer of HTTP/1.1 (RFC 9112), read from a file: as much of it as engines use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from msgspec import Struct

LONGEST_LINE = 65_536
MOST_HEADERS = 1000
PIECE = 65_536
"""Bytes that are read at a time, at most."""
FIRST_FINAL = 200
"""An answer with a smaller status only announces another."""
NO_BODY = (204, 304)
NOT_HTTP = "the answer is not HTTP"


class AnswerHead(Struct, frozen=True):
    """What precedes a body."""

    status: int
    headers: Mapping[str, str]
    """Headers by lower-case name."""

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks that each say how long they are."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def ends_connection(self) -> bool:
        """Whether no other answer can follow: the engine says so, or only the end tells where the body ends."""
        says_its_end = self.status in NO_BODY or self.is_chunked or "content-length" in self.headers
        return self.headers.get("connection", "").lower() == "close" or not says_its_end


def read_head(file: BinaryIO) -> AnswerHead:
    """The head of the next answer. Raises :class:`ConnectionError` where there is none."""
    while True:
        version, _, rest = _read_line(file).partition(" ")
        code = rest.partition(" ")[0]
        if not version.startswith("HTTP/1.") or not code.isdecimal():
            raise ConnectionError(NOT_HTTP)
        headers = dict(_read_headers(file))
        if int(code) >= FIRST_FINAL:
            return AnswerHead(int(code), headers)


def read_body(file: BinaryIO, head: AnswerHead) -> Iterator[bytes]:
    """The body that follows ``head``, in pieces as they arrive.

    Raises :class:`ConnectionError` where it ends too early.
    """
    if head.status in NO_BODY:
        return
    if head.is_chunked:
        yield from _read_chunks(file)
    elif (length := head.headers.get("content-length")) is None:
        while piece := file.read(PIECE):
            yield piece
    elif length.isdecimal():
        yield from _read_exactly(file, int(length))
    else:
        raise ConnectionError(NOT_HTTP)


def _read_headers(file: BinaryIO) -> Iterator[tuple[str, str]]:
    for _number in range(MOST_HEADERS):
        line = _read_line(file)
        if not line:
            return
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
    raise ConnectionError(NOT_HTTP)


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while length := _chunk_length(_read_line(file)):
        yield from _read_exactly(file, length)
        _read_line(file)
    while _read_line(file):  # trailers
        pass


def _chunk_length(line: str) -> int:
    digits = line.partition(";")[0].strip()
    try:
        return int(digits, 16)
    except ValueError:
        raise ConnectionError(NOT_HTTP) from None


def _read_line(file: BinaryIO) -> str:
    line = file.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("the engine closed the connection")
    return line.decode("latin-1").rstrip("\r\n")


def _read_exactly(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = file.read(min(length, PIECE))
        if not piece:
            raise ConnectionError("the engine closed the connection")
        length -= len(piece)
        yield piece
