"""Two clones of one repository share an engine, and neither has the other's ledger."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

NAME = f"shared-{os.urandom(3).hex()}"


def test_neither_takes_for_a_touch_what_the_other_does(engine_fixture: EngineFixture, tmp_path: Path) -> None:
    other = engine_fixture.clone(tmp_path / "clone")
    engine_fixture.run("up", "main", "--name", NAME)
    assert _seen(other) == ["release-unknown"]
    engine_fixture.run("sleep", NAME)
    engine_fixture.run("wake", NAME)
    other.run("status", NAME)
    assert _seen(other) == ["release-unknown"]
    (found,) = other.environments()
    assert (found["state"], found["marks"]) == ("healthy", [])
    other.run("replace", NAME, code=6)
    (web,) = engine_fixture.connection.api.containers(filters={"name": f"{NAME}-g1-web-1"})
    command = engine_fixture.connection.api.exec_create(web["Id"], ["busybox", "true"])
    engine_fixture.connection.api.exec_start(command["Id"])
    assert _seen(other) == ["command-run", "release-unknown"], "a stranger's touch is one all the same"
    other.run("down", NAME)
    assert engine_fixture.remains() == []


def _seen(engine_fixture: EngineFixture) -> list[str]:
    (report,) = json.loads(engine_fixture.run("drift", NAME, "-o", "json"))
    return sorted({finding["kind"] for finding in report["findings"] if finding["layer"] != "files"} - {"tainted"})
