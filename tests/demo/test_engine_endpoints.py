"""Which addresses are tried for an engine, and in which order."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from pathlib import Path

import pytest

from scripts.local_engine.endpoint import DEFAULT_HOST, context_host, list_endpoints
from scripts.local_engine.probe import answers


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with the contexts ``colima`` (current) and ``far``."""
    for name, host in (("colima", "unix:///colima.sock"), ("far", "ssh://me@far")):
        folder = tmp_path / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
        (folder / "meta.json").write_text(json.dumps(meta))
    (tmp_path / ".docker/config.json").write_text(json.dumps({"currentContext": "colima"}))
    return tmp_path


def hosts(environment: dict[str, str], home: Path) -> list[str]:
    return [endpoint.host for endpoint in list_endpoints(environment, home)]


def test_docker_host_stands_alone(home: Path) -> None:
    assert hosts({"DOCKER_HOST": "tcp://here:1", "DOCKER_CONTEXT": "far"}, home) == ["tcp://here:1"]


def test_docker_context_stands_alone(home: Path) -> None:
    assert hosts({"DOCKER_CONTEXT": "far"}, home) == ["ssh://me@far"]


def test_an_unknown_context_has_no_address(home: Path) -> None:
    (endpoint,) = list_endpoints({"DOCKER_CONTEXT": "nowhere"}, home)
    assert endpoint.host == ""
    assert endpoint.chosen


def test_the_current_context_comes_before_the_usual_sockets(home: Path) -> None:
    assert hosts({}, home)[:2] == ["unix:///colima.sock", DEFAULT_HOST]


def test_the_default_context_means_no_context(home: Path) -> None:
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": "default"}))
    assert hosts({"DOCKER_CONTEXT": "default"}, home)[0] == DEFAULT_HOST


def test_all_the_usual_sockets_are_tried(tmp_path: Path) -> None:
    assert hosts({"XDG_RUNTIME_DIR": "/run/user/7"}, tmp_path) == [
        DEFAULT_HOST,
        "unix:///run/user/7/docker.sock",
        f"unix://{tmp_path}/.docker/run/docker.sock",
        f"unix://{tmp_path}/.docker/desktop/docker.sock",
        f"unix://{tmp_path}/.colima/default/docker.sock",
        f"unix://{tmp_path}/.orbstack/run/docker.sock",
        f"unix://{tmp_path}/.rd/docker.sock",
        "unix:///run/user/7/podman/podman.sock",
        "unix:///run/podman/podman.sock",
    ]


def test_an_address_is_tried_once(home: Path) -> None:
    socket_host = f"unix://{home}/.colima/default/docker.sock"
    folder = home / ".docker/contexts/meta" / hashlib.sha256(b"colima").hexdigest()
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": socket_host}}}))
    found = hosts({}, home)
    assert found[0] == socket_host
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"currentContext": 7}', '{"currentContext": "gone"}'])
def test_broken_settings_are_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(content)
    assert hosts({}, tmp_path)[0] == DEFAULT_HOST


@pytest.mark.parametrize("meta", ["", "[]", "{}", '{"Endpoints": []}', '{"Endpoints": {"docker": {"Host": 7}}}'])
def test_a_broken_context_has_no_address(tmp_path: Path, meta: str) -> None:
    folder = tmp_path / "contexts/meta" / hashlib.sha256(b"x").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(meta)
    assert context_host(tmp_path, "x") is None


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nOK", True),
        (b"HTTP/1.0 503 Service Unavailable\r\n\r\n", False),
        (b"SSH-2.0-OpenSSH_9.9\r\n", False),
        (b"", False),
    ],
)
def test_an_engine_answers_a_ping(tmp_path: Path, said: bytes, answered: bool) -> None:
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(said)

        thread = threading.Thread(target=reply)
        thread.start()
        assert answers(f"unix://{path}") is answered
        thread.join()
    assert not answers(f"unix://{path}"), "nothing serves the socket any more"


@pytest.mark.parametrize("host", ["unix:///nowhere.sock", "tcp://127.0.0.1:1", "npipe:////./pipe/docker", "", "x"])
def test_no_engine_answers(host: str) -> None:
    assert not answers(host)


def test_ssh_is_taken_at_its_word() -> None:
    assert answers("ssh://me@nowhere.invalid")
