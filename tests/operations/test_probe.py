"""Asking a container that does not want to answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from previewer.domain.parity.probe import ProbeRequest
from previewer.operations import probe

PIECES = 200
PAUSE = 0.05


@contextmanager
def dripping(answer: bytes) -> Iterator[int]:
    """A server that sends its answer byte by byte: each comes in time, and all together take ten seconds."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                for index in range(PIECES):
                    connection.sendall(answer[index : index + 1] or b"x")
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
    assert found.seconds < PIECES * PAUSE / 2
