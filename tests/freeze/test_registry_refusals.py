"""What registries refuse with, credentials that cannot be had, and the proxies of builds."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from previewer.docker_api.builders.build import proxy_arguments, proxy_passwords
from previewer.docker_api.registry.answer import read_refusal
from previewer.docker_api.registry.connection import find_credentials
from previewer.errors import RegistryError


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's docker configuration, in a folder that is on the path too."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (429, "", "rate limit"),
        (500, "toomanyrequests: You have reached your pull rate limit.", "rate limit"),
        (0, "error: TOOMANYREQUESTS", "rate limit"),
        (401, "", "who you are"),
        (500, "Head https://r.example/v2/x/manifests/1: unauthorized: authentication required", "who you are"),
        (0, "no basic auth credentials", "who you are"),
        (403, "", "does not let"),
        (
            404,
            "pull access denied for x, repository does not exist or may require docker login: denied",
            "does not let",
        ),
        (500, "received unexpected HTTP status: 503 Service Unavailable", "itself fails"),
        (404, "manifest unknown", ""),
        (500, "Get https://r.example/v2/: dial tcp: lookup r.example: no such host", ""),
    ],
)
def test_a_refusal_is_read(status: int, said: str, reason: str) -> None:
    found = read_refusal("r.example", status, said)
    assert reason in found.reason
    assert bool(found.reason) is bool(reason)
    assert not reason or found.hint


@pytest.mark.parametrize("kind", ["credsStore", "credHelpers"])
def test_a_missing_helper_leaves_no_user_and_says_so(configure: Path, kind: str) -> None:
    value = "desktop.exe" if kind == "credsStore" else {"r.example": "desktop.exe"}
    (configure / "config.json").write_text(json.dumps({kind: value}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_credentials("r.example")
    assert not found
    assert found.problem.startswith("docker-credential-desktop.exe is not installed")


def test_a_failing_helper_does_the_same(configure: Path) -> None:
    (configure / "config.json").write_text(json.dumps({"credsStore": "broken"}))
    helper = configure / "docker-credential-broken"
    helper.write_text("#!/bin/sh\necho no session; exit 1\n")
    helper.chmod(0o755)
    found = find_credentials("r.example")
    assert not found
    assert found.problem.startswith("docker-credential-broken failed")


def test_what_the_file_itself_holds_serves_without_the_helper(configure: Path) -> None:
    login = {"credsStore": "desktop.exe", "auths": {"r.example": {"auth": "YWRhOng="}}}
    (configure / "config.json").write_text(json.dumps(login))
    found = find_credentials("r.example")
    assert (found.username, found.password, found.problem) == ("ada", "x", "")


def test_a_file_that_makes_no_sense_is_an_error(configure: Path) -> None:
    (configure / "config.json").write_text('{"auths": {"r.example": 5}}')
    with pytest.raises(RegistryError, match="cannot be read"):
        find_credentials("r.example")


def test_the_engine_s_proxies_are_arguments_in_both_spellings(configure: Path) -> None:
    proxies = {
        "default": {"httpProxy": "http://u:pass@p:1", "noProxy": "localhost"},
        "tcp://h:2375": {"httpsProxy": "http://q:2"},
    }
    (configure / "config.json").write_text(json.dumps({"proxies": proxies}))
    found = proxy_arguments("unix:///var/run/docker.sock")
    assert found == {
        "http_proxy": "http://u:pass@p:1",
        "HTTP_PROXY": "http://u:pass@p:1",
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
    }
    assert proxy_passwords(found) == {b"pass"}
    assert proxy_arguments("tcp://h:2375") == {"https_proxy": "http://q:2", "HTTPS_PROXY": "http://q:2"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"proxies": 5}', '{"proxies": {"default": {"httpProxy": 5}}}'])
def test_without_proxies_there_are_none(configure: Path, text: str) -> None:
    (configure / "config.json").write_text(text)
    assert proxy_arguments("unix:///x") == {}
