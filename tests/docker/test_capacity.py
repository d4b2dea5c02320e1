"""Room: what does not fit is refused before anything is made, or waits."""

from __future__ import annotations

import json
import os

import pytest

from tests.worlds.docker import Site

ONE, TWO = (f"{word}-{os.urandom(3).hex()}" for word in ("one", "two"))
"""Engine names are given once: other tests may have environments of plainer names at the same time."""
pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

COMPOSE = """
services:
  web: {image: "previewer-test/base:1", command: [busybox, sleep, "600"], mem_limit: 64m}
"""


@pytest.fixture
def site(site: Site) -> Site:
    site.repository.commit({"compose.yaml": COMPOSE})
    site.run("up", "main", "--name", ONE)
    return site


def test_what_the_quota_has_no_room_for_is_refused_or_waits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "1")
    before = site.remains()
    process = site.start("up", "main", "--name", TWO)
    _printed, told = process.communicate(timeout=30)
    assert process.returncode == 10
    assert "the project has 1 of 1 environment" in told
    assert site.remains() == before
    site.run("up", "main", "--name", TWO, "--queue", "--timeout", "1", code=8)
    waiting = site.start("up", "main", "--name", TWO, "--queue", "--timeout", "60", "-o", "json")
    assert waiting.stderr is not None
    assert any("waiting for room" in line for line in waiting.stderr)
    site.run("down", ONE)
    printed, told = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, told
    assert json.loads(printed)["environment"] == TWO


def test_replacing_needs_no_second_place(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "1")
    monkeypatch.setenv("PREVIEWER_QUOTA_MEMORY", "64m")
    site.repository.commit({"etc/motd": "changed\n"})
    (before,) = site.environments()
    site.run("up", "main", "--name", ONE)
    (after,) = site.environments()
    assert after["generation"] == before["generation"] + 1


def test_limits_are_counted_from_what_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_MEMORY", "100m")
    process = site.start("up", "main", "--name", TWO)
    _printed, told = process.communicate(timeout=30)
    assert process.returncode == 10
    assert "64 MiB of 100 MiB" in told


def test_the_doctor_and_a_dry_run_say_how_many_fit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_QUOTA_ENVIRONMENTS", "3")
    checks = {check["check"]: check for check in json.loads(site.run("doctor", "-o", "json"))}
    assert checks["room"]["detail"].startswith("for 2 more environments")
    process = site.start("up", "main", "--name", TWO, "--dry-run")
    _printed, told = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "room for 2 environments like it" in told
