"""Asking a container that does not want to answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat

import pytest

from previewer.domain.compose.extension import ProbeRequest
from previewer.operations import probe

PAUSE = 0.05


@contextmanager
def dripping(answer: bytes) -> Iterator[int]:
    """A server that sends its answer byte by byte, each in time, and comes to no end of its own."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                for piece in chain(answer, repeat(ord("x"))):
                    connection.sendall(bytes([piece]))
                    time.sleep(PAUSE)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["head", "body"])
def test_an_answer_that_drips_is_cut_off(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT", 1.5)
    with dripping(answer) as port:
        found = probe.ask_once("127.0.0.1", port, ProbeRequest("/"))
    assert found.error
    assert (found.status, found.body) == (0, b"")
