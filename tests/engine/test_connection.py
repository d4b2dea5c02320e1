"""Finding an engine, and saying why there is none."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest
import requests.exceptions

from previewer.docker_api.connection import choose_api_version, connect, parse_api_version, start_hint
from previewer.docker_api.errors import innermost_reason, refusal_error, translate_errors
from previewer.docker_api.wire.contexts import Endpoint, find_endpoints
from previewer.errors import (
    ConflictError,
    EngineError,
    EngineUnreachableError,
    ImageGoneError,
    ObjectNotFoundError,
    PortTakenError,
    StuckContainerError,
    UnsupportedError,
)


def write_context(home: Path, name: str, host: str, *, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": endpoints}))
    if tls:
        files = home / ".docker" / "contexts" / "tls" / digest / "docker"
        files.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            (files / file).write_text(file)


def hosts(home: Path, **environ: str) -> list[str]:
    return [endpoint.host for endpoint in find_endpoints(environ=environ, home=home)]


def test_the_host_that_was_asked_for_is_the_only_one(tmp_path: Path) -> None:
    [endpoint] = find_endpoints(host="unix:///a", environ={"DOCKER_HOST": "unix:///b"}, home=tmp_path)
    assert endpoint.host == "unix:///a"


def test_docker_host_wins_over_contexts(tmp_path: Path) -> None:
    write_context(tmp_path, "remote", "ssh://far")
    assert hosts(tmp_path, DOCKER_HOST="unix:///b", DOCKER_CONTEXT="remote") == ["unix:///b"]


def test_a_context_is_found_by_variable_and_by_setting(tmp_path: Path) -> None:
    write_context(tmp_path, "remote", "ssh://far")
    write_context(tmp_path, "colima", "unix:///colima.sock")
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "colima"}')
    assert hosts(tmp_path) == ["unix:///colima.sock"]
    assert hosts(tmp_path, DOCKER_CONTEXT="remote") == ["ssh://far"]
    assert hosts(tmp_path, DOCKER_CONTEXT="default")[0] == "unix:///var/run/docker.sock"


def test_a_contexts_tls_files_come_with_it(tmp_path: Path) -> None:
    write_context(tmp_path, "secure", "tcp://far:2376", tls=True)
    [endpoint] = find_endpoints(environ={"DOCKER_CONTEXT": "secure"}, home=tmp_path)
    assert endpoint.tls is not None
    assert endpoint.tls.verify
    assert [
        file.name for file in (endpoint.tls.authority, endpoint.tls.certificate, endpoint.tls.key) if file
    ] == [
        "ca.pem",
        "cert.pem",
        "key.pem",
    ]


def test_tls_by_variables_is_for_tcp_only(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    [secure] = find_endpoints(environ=environ, home=tmp_path)
    [plain] = find_endpoints(environ={**environ, "DOCKER_HOST": "unix:///x"}, home=tmp_path)
    assert secure.tls is not None
    assert secure.tls.verify
    assert plain.tls is None


def test_a_context_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachableError, match="'gone'"):
        hosts(tmp_path, DOCKER_CONTEXT="gone")


@pytest.mark.parametrize("content", ["not json", "[]", '{"currentContext": 3}'])
def test_settings_that_cannot_be_read_mean_the_usual_places(tmp_path: Path, content: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(content)
    found = hosts(tmp_path, XDG_RUNTIME_DIR="/run/user/7")
    assert found[:2] == ["unix:///var/run/docker.sock", "unix:///run/user/7/docker.sock"]
    assert f"unix://{tmp_path}/.colima/default/docker.sock" in found
    assert found.index("unix:///run/user/7/podman/podman.sock") > found.index(f"unix://{tmp_path}/.rd/docker.sock")


def test_no_engine_says_what_was_tried(tmp_path: Path) -> None:
    silent = tmp_path / "docker.sock"
    with pytest.raises(EngineUnreachableError) as caught:
        connect(f"unix://{silent}")
    assert caught.value.details == (f"unix://{silent} (asked for): No such file or directory",)
    assert caught.value.hint


def test_a_socket_without_a_listener_says_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
        with pytest.raises(EngineUnreachableError) as caught:
            connect(f"unix://{tmp_path}/dead.sock")
    assert "Connection refused" in caught.value.details[0]


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("unix:///var/run/docker.sock", True),
        ("npipe:////./pipe/docker_engine", True),
        ("tcp://127.0.0.1:2375", True),
        ("tcp://localhost:2375", True),
        ("tcp://10.0.0.1:2375", False),
        ("ssh://ada@far", False),
    ],
)
def test_a_local_host(host: str, is_local: bool) -> None:
    assert Endpoint(host, "test").is_local is is_local


@pytest.mark.parametrize(
    ("newest", "oldest", "chosen"),
    [("1.41", "1.12", (1, 41)), ("1.51", "1.24", (1, 51)), ("1.99", "1.44", (1, 51)), ("1.99", "1.60", (1, 60))],
)
def test_the_api_version_that_is_spoken(newest: str, oldest: str, chosen: tuple[int, int]) -> None:
    assert choose_api_version(newest, oldest) == chosen


def test_an_engine_that_is_too_old_is_refused() -> None:
    with pytest.raises(EngineError, match=r"1\.40"):
        choose_api_version("1.40", "1.12")
    assert parse_api_version("nonsense") == (0, 0)


REFUSALS = [
    (
        500,
        "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated",
        PortTakenError,
    ),
    (500, "listen tcp4 0.0.0.0:80: bind: address already in use", PortTakenError),
    (403, "Pool overlaps with other one on this address space", ConflictError),
    (404, "could not find an available, non-overlapping IPv4 address pool among the defaults", ConflictError),
    (409, 'Conflict. The container name "/x" is already in use', ConflictError),
    (500, "task d55f: already exists", StuckContainerError),
    (409, "id already in use", StuckContainerError),
    (409, "network with name x already exists", ConflictError),
    (404, "No such container: x", ObjectNotFoundError),
    (404, "No such image: sha256:0a", ImageGoneError),
    (404, "sha256:0a: image not known", ImageGoneError),
    (501, "not implemented", UnsupportedError),
    (500, "write /x: no space left on device", EngineError),
    (500, "", EngineError),
]


@pytest.mark.parametrize(("status", "text", "kind"), REFUSALS)
def test_what_an_engine_refuses(status: int, text: str, kind: type[EngineError]) -> None:
    error = refusal_error("start it", "container x", status, text)
    assert type(error) is kind
    assert (error.where, error.message.startswith("could not start it: ")) == ("container x", True)


def test_a_lost_connection_and_silence_are_told_apart() -> None:
    with pytest.raises(EngineUnreachableError, match="in time"), translate_errors("ask", subject="x"):
        raise requests.exceptions.ReadTimeout
    with pytest.raises(EngineUnreachableError, match="Broken pipe"), translate_errors("ask", subject="x"):
        raise requests.exceptions.ConnectionError(BrokenPipeError(32, "Broken pipe"))
    assert innermost_reason(ValueError("plain")) == "plain"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_platform_has_a_hint(platform: str) -> None:
    assert "DOCKER_HOST" in start_hint(platform)


def test_a_user_without_a_home_has_the_engine_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user number has no entry in the password file, and HOME is not set."""

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    (endpoint,) = find_endpoints(environ={"DOCKER_HOST": "unix:///run/x.sock"})
    assert endpoint.host == "unix:///run/x.sock"
    assert find_endpoints(environ={})[0].host == "unix:///var/run/docker.sock"
