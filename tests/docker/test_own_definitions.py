"""This repository previews itself: its own ``envs/`` run the sample application from ``demo/app``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker.errors
import pytest

from demo.base_image import ensure_base_image
from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import forget_pinned_names
from tests.worlds.docker import EngineFixture, fetch

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.docker


@pytest.fixture
def base(docker_connection: DockerConnection) -> Iterator[str]:
    """The demo's base image by a name that is this test's: others on the engine may remove theirs meanwhile."""
    found = ensure_base_image(docker_connection.host)
    name = f"previewer-test/demo-base:{uuid.uuid4().hex[:8]}"
    docker_connection.api.tag(found.reference, name)
    yield name
    docker_connection.api.remove_image(name)
    if found.is_new:
        with suppress(docker.errors.ImageNotFound):
            docker_connection.api.remove_image(found.reference)


@pytest.fixture
def ours(tmp_path: Path, docker_connection: DockerConnection, base: str) -> Iterator[EngineFixture]:
    """The files of this repository, as they are now, in a repository of their own."""
    engine_fixture = EngineFixture(tmp_path / "ours", docker_connection)
    engine_fixture.repository.git("rm", "--quiet", "-r", ".")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--", "envs", "demo/app", "previewer.toml"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    engine_fixture.repository.commit({name: (ROOT / name).read_bytes() for name in names})
    yield engine_fixture
    engine_fixture.clean_up()
    forget_pinned_names(docker_connection, base, project=engine_fixture.project)


@pytest.mark.parametrize("role", ["preview", "staging"])
def test_our_own_definitions_run(
    ours: EngineFixture, base: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_DEMO_BASE", base)
    found = json.loads(ours.run("up", "main", "--role", role, "-o", "json"))
    assert found["role"] == role
    assert "Guestbook" in fetch(found["url"])
    ours.run("down", "--all", "--role", "preview", "--role", "staging", "--yes")
    ours.run("data", "prune", "--keep", "0", "--yes")
    assert ours.remains() == []


def test_a_variable_that_is_not_allowed_is_not_seen(ours: EngineFixture, base: str) -> None:
    del base
    done = subprocess.run(
        [sys.executable, "-m", "previewer", "-C", str(ours.repository.path), "config", "main", "-o", "json"],
        env={**os.environ, "PREVIEWER_DEMO_BASE": "allowed", "API_URL": "not allowed"},
        capture_output=True,
        text=True,
        check=True,
    )
    web = json.loads(done.stdout)["services"]["web"]
    assert web["build"]["args"] == {"BASE": "allowed"}
    assert web["environment"]["API_URL"] == "http://api:8000"
