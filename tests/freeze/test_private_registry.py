"""Bases out of a registry that wants a password, with the user's docker credentials; a real registry server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker.errors
import pytest

from previewer.docker_api.connection import DockerConnection, connect
from previewer.docker_api.registry import repository
from previewer.domain.compose.definition import Definition
from previewer.errors import FreezeError
from previewer.freeze.docker.images import DockerImages
from previewer.testing.memory.source import MemorySource
from tests.eventually import eventually
from tests.freeze.conftest import BASE
from tests.worlds.freeze import built, definition, freeze

SERVER = shutil.which("docker-registry")
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(SERVER is None, reason="no registry server (package docker-registry)"),
]
USER, PASSWORD = "ada", "x"
HTPASSWD = "ada:$2b$04$EkjXwkK2W01MO06hXrp/7.hGzOsWsQqKoCWC5fEgXmo7yV5TF.Cz6\n"
"""``PASSWORD`` by bcrypt, the only form that the server reads, at the least cost: machines are busy."""
HELPER = '#!/bin/sh\nprintf \'{"Username": "ada", "Secret": "x"}\'\n'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry on a busy machine is slow, and not silent."""
    monkeypatch.setattr(repository, "REGISTRY_TIMEOUT", 60.0)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its host and port."""
    folder = tmp_path_factory.mktemp("registry")
    (folder / "htpasswd").write_text(HTPASSWD)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
        f"http: {{addr: '{host}'}}\nauth: {{htpasswd: {{realm: tests, path: {folder / 'htpasswd'}}}}}\n"
    )
    command = [SERVER or "", "serve", str(folder / "config.yml")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: _wants_a_password(f"http://{host}/v2/"), what="the registry serves")
        yield host
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def base(registry: str, freeze_connection: DockerConnection) -> Iterator[str]:
    """The base image, in the registry alone."""
    api, name = freeze_connection.api, f"{registry}/team/base"
    api.tag(BASE, name, "1")
    said = api.push(name, "1", auth_config={"username": USER, "password": PASSWORD})
    assert "error" not in str(said).lower()
    _forget(freeze_connection, name)
    yield f"{name}:1"
    _forget(freeze_connection, name)


@pytest.mark.parametrize("kind", ["credHelpers", "credsStore", "auths"])
def test_the_user_s_credentials_are_used_however_they_are_kept(
    base: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str
) -> None:
    host = base.partition("/")[0]
    login = "YWRhOng="  # base64 of ada:x
    settings = {
        "credHelpers": {"credHelpers": {host: "tests"}},
        "credsStore": {"credsStore": "tests", "auths": {host: {}}},
        "auths": {"auths": {host: {"auth": login}}},
    }
    (tmp_path / "config.json").write_text(json.dumps(settings[kind]))
    helper = tmp_path / "docker-credential-tests"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {base}\nRUN true\n"})
    services: Definition = definition({"web": built(), "db": {"image": base}})
    with connect() as connection:
        release = freeze(source, commit, DockerImages(connection), services, project=project)
    artifacts = release.definitions["preview"].artifacts
    assert artifacts["db"].origin == "registry"
    assert (artifacts["db"].repository_digest or "").startswith(base.removesuffix(":1") + "@sha256:")
    assert artifacts["web"].origin == "buildkit"


def test_without_credentials_the_error_says_what_to_do(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with connect() as connection, pytest.raises(FreezeError) as caught:
        DockerImages(connection).pin(base, "linux/amd64")
    assert caught.value.where == base
    assert "sign in" in (caught.value.hint or "")


def _wants_a_password(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return False


def _forget(connection: DockerConnection, name: str) -> None:
    api = connection.api
    for image in api.images(name):
        for reference in (*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())):
            if reference.startswith((f"{name}:", f"{name}@")):
                with suppress(docker.errors.APIError):
                    api.remove_image(reference)
