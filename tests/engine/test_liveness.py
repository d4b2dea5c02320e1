"""An engine that goes away, or stands still, in the middle of an answer: a small server that does just that."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from previewer.docker_api.builders.build import ClassicSteps, build_image
from previewer.docker_api.builders.image_build import ImageBuild
from previewer.docker_api.connection import DockerConnection, connect
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.registry.transfer import push_image
from previewer.docker_api.request import open_answer, post
from previewer.docker_api.streams import ensure_alive, while_alive
from previewer.docker_api.wire.sdk_wire import stream_body
from previewer.domain.build import Builder
from previewer.domain.cancellation import Cancellation
from previewer.domain.release.registry_address import parse_address
from previewer.engine.docker.streams import open_log_stream
from previewer.engine.protocol import LogOptions
from previewer.errors import BuildError, CancelledError, EngineUnreachableError

HANG = 600.0
"""Seconds that an engine stands still: longer than any test may take."""
VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"}
CONTAINER = {"Name": "/x", "State": {"Status": "running"}, "Config": {"Tty": True, "Labels": {}}}


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers ``/version`` and, while it lives, ``/_ping``; other answers begin and end, or do not end."""

    daemon_threads = True
    is_alive = True
    stands_still = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.answers = threading.Event()
        """Until it is set, a slow answer does not begin."""
        self.is_pushed_to = threading.Event()
        self.runs_containers = threading.Event()
        """Until it is set, the engine waits for its containerd."""
        self.runs_containers.set()


class Handler(socketserver.StreamRequestHandler):
    """One request a connection."""

    server: Server

    def handle(self) -> None:
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            continue
        if path.endswith("/version"):
            self.server.runs_containers.wait(HANG)
            self.answer(json.dumps(VERSION))
        elif path.endswith("/_ping"):
            if self.server.is_alive:
                self.answer("OK")
        elif path.endswith("/slow") or "/push" in path:
            self.server.is_pushed_to.set()
            self.server.answers.wait(HANG)
            self.answer("{}")
        elif path.endswith("/containers/x/json"):
            self.answer(json.dumps(CONTAINER))
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n")
            self.wfile.flush()
            if self.server.stands_still:
                self.server.answers.wait(HANG)

    def answer(self, body: str) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.wfile.write(f"{head}Connection: close\r\n\r\n{body}".encode())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(str(tmp_path / "engine.sock"), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.05,), daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def connection(server: Server) -> Iterator[DockerConnection]:
    with connect(f"unix://{server.server_address!s}") as found:
        yield found


def build(connection: DockerConnection) -> str:
    wanted = ImageBuild(
        reference="previewer/x:1",
        dockerfile=b"FROM scratch",
        dockerfile_path="Dockerfile",
        open_context=lambda: iter(()),
        target=None,
        args={},
        labels={},
        platform="linux/amd64",
        use_cache=True,
    )
    return build_image(
        connection,
        wanted,
        builder=Builder.BUILDKIT,
        steps=ClassicSteps(connection),
        on_line=lambda line: None,
        locate=lambda step, message: "Dockerfile:1",
        cancellation=Cancellation(),
    )


def test_an_engine_that_answers_is_alive(server: Server, connection: DockerConnection) -> None:
    ensure_alive(connection, "go on")
    server.is_alive = False
    with pytest.raises(EngineUnreachableError, match="could not go on"):
        ensure_alive(connection, "go on")


def test_a_build_that_ends_without_a_word_is_the_engines_end_or_the_builds(
    server: Server, connection: DockerConnection
) -> None:
    with pytest.raises(BuildError, match="without an image"):
        build(connection)
    server.is_alive = False
    with pytest.raises(EngineUnreachableError, match="previewer/x:1"):
        build(connection)


def test_followed_logs_that_the_engine_cuts_off_are_an_error(server: Server, connection: DockerConnection) -> None:
    assert list(open_log_stream(connection, ["x"], LogOptions(follow=True)))
    server.is_alive = False
    stream = open_log_stream(connection, ["x"], LogOptions(follow=True))
    with pytest.raises(EngineUnreachableError):
        list(stream)


def test_followed_logs_that_the_reader_closes_are_none(server: Server, connection: DockerConnection) -> None:
    server.stands_still = True
    server.is_alive = False
    stream = open_log_stream(connection, ["x"], LogOptions(follow=True))
    batches = iter(stream)
    next(batches)
    stream.close()
    assert list(batches) == []


def test_a_silent_stream_of_an_engine_that_stands_still_is_given_up(
    server: Server, connection: DockerConnection
) -> None:
    server.stands_still = True
    stream = stream_body(open_answer(connection, "/events", {}))
    chunks = []

    def listen() -> None:
        with while_alive(connection, "listen", stream.close, pause=0.1):
            for chunk in stream:
                chunks.append(chunk)
                server.is_alive = False

    with pytest.raises(EngineUnreachableError, match="could not listen"):
        listen()
    assert chunks == [b"{}\n"]
    server.answers.set()


def test_a_push_that_the_engine_does_not_begin_is_given_up_at_once(
    server: Server, connection: DockerConnection
) -> None:
    cancellation = Cancellation()

    def cancel_the_push() -> None:
        server.is_pushed_to.wait(HANG)
        cancellation.request()

    threading.Thread(target=cancel_the_push, daemon=True).start()
    with pytest.raises(CancelledError):
        push_image(
            connection,
            parse_address("127.0.0.1:5000/team/site:1"),
            "linux/amd64",
            on_line=lambda line: None,
            cancellation=cancellation,
        )
    server.answers.set()


def test_an_answer_is_waited_for_as_long_as_the_engine_is_alive(
    server: Server, connection: DockerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that may take a minute is given up much sooner where nothing else is answered either."""
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.DOUBT_SECONDS", 0.1)
    threading.Timer(0.5, server.answers.set).start()
    post(connection, "/slow")
    server.answers.clear()
    threading.Timer(0.5, server.shutdown).start()
    with pytest.raises(TimeoutError):
        post(connection, "/slow")
    # What is cleaned up then does not ask again whether the engine is there: that takes longer than it is given.
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.DOUBT_SECONDS", HANG)
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.SILENT_SECONDS", 0.1)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        post(connection, "/slow")
    assert time.monotonic() - began < HANG


def test_an_engine_whose_containerd_does_not_answer_is_given_up(
    server: Server, connection: DockerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is there, and waits for its containerd all the same."""
    assert connection.api_version
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.DOUBT_SECONDS", 0.1)
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.RUNTIME_SECONDS", 0.1)
    server.runs_containers.clear()
    stuck = pytest.raises(EngineUnreachableError, match="its containerd does not")
    with stuck, translate_errors("start it", subject="x"):
        post(connection, "/slow")
    # What is cleaned up then is given less time; what needs no containerd is answered.
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.DOUBT_SECONDS", HANG)
    monkeypatch.setattr("previewer.docker_api.wire.socket_wire.SILENT_SECONDS", 0.1)
    with pytest.raises(TimeoutError):
        post(connection, "/slow")
    server.runs_containers.set()
    threading.Timer(0.5, server.answers.set).start()
    post(connection, "/slow")
