"""Room: what does not fit is refused before anything is made, or waits."""

from __future__ import annotations

import json
import os

import pytest

from tests.worlds.docker import EngineFixture

ONE, TWO = (f"{word}-{os.urandom(3).hex()}" for word in ("one", "two"))
"""Engine names are given once: other tests may have environments of plainer names at the same time."""
pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

COMPOSE = """
services:
  web: {image: "previewer-test/base:1", command: [busybox, sleep, "600"], mem_limit: 64m}
"""


@pytest.fixture
def engine_fixture(engine_fixture: EngineFixture) -> EngineFixture:
    engine_fixture.repository.commit({"compose.yaml": COMPOSE})
    engine_fixture.run("up", "main", "--name", ONE)
    return engine_fixture


def test_what_the_quota_has_no_room_for_is_refused_or_waits(
    engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "1")
    before = engine_fixture.remains()
    process = engine_fixture.start("up", "main", "--name", TWO)
    _printed, events = process.communicate(timeout=30)
    assert process.returncode == 10
    assert "the project has 1 of 1 environment" in events
    assert engine_fixture.remains() == before
    engine_fixture.run("up", "main", "--name", TWO, "--queue", "--timeout", "1", code=8)
    waiting = engine_fixture.start("up", "main", "--name", TWO, "--queue", "--timeout", "60", "-o", "json")
    assert waiting.stderr is not None
    assert any("waiting for room" in line for line in waiting.stderr)
    engine_fixture.run("down", ONE)
    printed, events = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, events
    assert json.loads(printed)["environment"] == TWO


def test_replacing_needs_no_second_place(engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "1")
    monkeypatch.setenv("PREVIEWER_QUOTA_MEMORY", "64m")
    engine_fixture.repository.commit({"etc/motd": "changed\n"})
    (before,) = engine_fixture.environments()
    engine_fixture.run("up", "main", "--name", ONE)
    (after,) = engine_fixture.environments()
    assert after["generation"] == before["generation"] + 1


def test_limits_are_counted_from_what_runs(engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_MEMORY", "100m")
    process = engine_fixture.start("up", "main", "--name", TWO)
    _printed, events = process.communicate(timeout=30)
    assert process.returncode == 10
    assert "64 MiB of 100 MiB" in events


def test_the_doctor_and_a_dry_run_say_how_many_fit(
    engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "3")
    checks = {check["check"]: check for check in json.loads(engine_fixture.run("doctor", "-o", "json"))}
    assert checks["room"]["detail"].startswith("for 2 more environments")
    process = engine_fixture.start("up", "main", "--name", TWO, "--dry-run")
    _printed, events = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "room for 2 environments like it" in events
