"""Commands in a folder that belongs to no repository, where only the engine's labels say what there is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.worlds.docker import TIMEOUT, EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


class Outside:
    """Runs previewer in an empty folder."""

    def __init__(self, engine_fixture: EngineFixture, folder: Path) -> None:
        self._site = engine_fixture
        self.folder = folder
        (folder / "empty").mkdir(parents=True)
        (folder / "tmp").mkdir()

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """What a command printed, and what it told."""
        environment = {
            **os.environ,
            "DOCKER_HOST": self._site.connection.host,
            "GIT_CEILING_DIRECTORIES": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "TMPDIR": str(self.folder / "tmp"),
            "CI": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "previewer", *arguments],
            cwd=self.folder / "empty",
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr


@pytest.fixture
def outside(engine_fixture: EngineFixture, tmp_path: Path) -> Outside:
    return Outside(engine_fixture, tmp_path / "outside")


def test_an_environment_is_looked_at_and_taken_down_by_its_name(
    engine_fixture: EngineFixture, outside: Outside
) -> None:
    engine_fixture.up("main")
    name = f"{engine_fixture.project}-main"
    printed, events = outside.run("status", name, "-o", "json")
    assert json.loads(printed)["environment"] == name
    assert "only the engine's labels count" in events
    outside.run("logs", name)
    assert outside.run("url", name)[0].startswith("http://")
    (entry,) = json.loads(outside.run("history", name, "-o", "json")[0])
    assert (entry["action"], entry["environment"]) == ("up", name)
    for options in (("--branch-gone",), ("--merged",), ("--expired",)):
        told = outside.run("down", *options, "--project", engine_fixture.project)[1]
        assert ("no branch is known here" in told) == (options == ("--branch-gone",))
    printed, _ = outside.run("ls", "-o", "json")
    assert name in {environment["environment"] for environment in json.loads(printed)}
    printed, _ = outside.run("ls", "--project", engine_fixture.project, "-o", "json")
    assert [environment["environment"] for environment in json.loads(printed)] == [name]
    outside.run("down", name, "--progress", "quiet")
    assert engine_fixture.remains() == []
    _, events = outside.run("down", name, code=6)
    assert "no such environment on this engine, and this is not a repository" in events
    assert list((outside.folder / "tmp").iterdir()) == [], "nothing of it stays"


def test_several_at_once_go_only_where_the_project_is_named(
    engine_fixture: EngineFixture, outside: Outside
) -> None:
    engine_fixture.up("main")
    for option in ("--all", "--expired", "--merged"):
        _, events = outside.run("down", option, "--yes", code=6 if "several" in _projects(outside) else 2)
        assert "--project" in events
    assert engine_fixture.remains() != []
    outside.run("down", "--all", "--yes", "--project", engine_fixture.project, "--progress", "quiet")
    assert engine_fixture.remains() == []


def _projects(outside: Outside) -> str:
    """Other tests may run on the same engine."""
    printed, _ = outside.run("ls", "-o", "json")
    return "several" if len({found["project"] for found in json.loads(printed)}) > 1 else "one"
