"""Streams that one thread reads and another closes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from previewer.docker_api.wire.protocol import ByteStream


class Line:
    """One end of a real connection, and a stream of what arrives there."""

    def __init__(self) -> None:
        self.far, self._near = socket.socketpair()
        self._file = self._near.makefile("rb", buffering=0)
        self.releases = 0
        self.stream = ByteStream(
            iter(lambda: self._file.read(100), b""),
            wake=lambda: self._near.shutdown(socket.SHUT_RDWR),
            release=self._release,
        )

    def _release(self) -> None:
        self.releases += 1
        self._file.close()
        self._near.close()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.stream.close()
    made.far.close()


def test_what_arrives_is_read_until_the_other_end_closes(line: Line) -> None:
    line.far.sendall(b"one")
    line.far.close()
    assert list(line.stream) == [b"one"]
    assert line.releases == 1
    line.stream.close()
    assert line.releases == 1


def test_an_unread_stream_is_released_by_closing_it(line: Line) -> None:
    line.stream.close()
    line.stream.close()
    assert line.releases == 1
    assert list(line.stream) == []


def test_closing_it_wakes_its_reader_who_releases_it(line: Line) -> None:
    line.far.sendall(b"one")
    read: list[bytes] = []
    begun = threading.Event()

    def listen() -> None:
        for chunk in line.stream:
            read.append(chunk)
            begun.set()

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    assert begun.wait(5)
    line.stream.close()
    reader.join(5)
    assert not reader.is_alive()
    assert (read, line.releases) == ([b"one"], 1)


def test_a_connection_that_breaks_ends_it_quietly() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"one"
        raise ConnectionResetError

    released: list[bool] = []
    stream = ByteStream(chunks(), wake=lambda: None, release=lambda: released.append(True))
    assert list(stream) == [b"one"]
    assert released == [True]
