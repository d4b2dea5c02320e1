"""The life and death of environments on a real engine, one intent a test."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from previewer.domain import labels
from tests.eventually import eventually
from tests.worlds.docker import EngineFixture, fetch
from tests.worlds.inside import run_inside

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

PATIENCE = 60.0


def states(engine_fixture: EngineFixture) -> dict[str, str]:
    """What ``ls`` says of each branch's environment."""
    return {environment["branch"]: environment["state"] for environment in engine_fixture.environments()}


def test_what_is_removed_leaves_its_last_words_and_nothing_else(engine_fixture: EngineFixture) -> None:
    name = engine_fixture.up("main")["environment"]
    removed = json.loads(engine_fixture.run("down", "main", "-o", "json"))
    assert engine_fixture.remains() == []
    (stone,) = removed["tombstones"]
    assert {former["service"]: former["exit_code"] for former in stone["containers"]} == {"job": 0, "web": None}
    assert all(isinstance(former["bytes"], int) for former in stone["containers"])
    assert json.loads(engine_fixture.run("status", "--gone", "main", "-o", "json"))["environment"] == name
    engine_fixture.run("status", "main", code=6)
    engine_fixture.run("logs", "--gone", name)


def test_it_sleeps_and_wakes_with_its_data_and_its_url(engine_fixture: EngineFixture) -> None:
    url = engine_fixture.up("main")["url"]
    (web,) = engine_fixture.connection.api.containers(filters={"name": "-web-1", "label": [_own(engine_fixture)]})
    run_inside(engine_fixture.connection.api, web["Id"], "busybox", "sh", "-c", "echo kept > /data/file")
    engine_fixture.run("sleep", "main")
    assert states(engine_fixture) == {"main": "asleep"}
    assert engine_fixture.connection.api.containers(filters={"label": [_own(engine_fixture)]}) == []
    woken = json.loads(engine_fixture.run("wake", "main", "-o", "json"))
    assert (woken["url"], woken["state"]) == (url, "healthy")
    assert fetch(url) == "page of main\n"
    assert run_inside(engine_fixture.connection.api, web["Id"], "busybox", "cat", "/data/file") == b"kept\n"


def test_a_port_that_was_taken_meanwhile_leaves_it_asleep(engine_fixture: EngineFixture) -> None:
    url = engine_fixture.up("main")["url"]
    engine_fixture.run("sleep", "main")
    with closing(socket.socket()) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", urlsplit(url).port or 0))
        thief.listen()
        engine_fixture.run("wake", "main", code=1)
        assert states(engine_fixture) == {"main": "asleep"}
    engine_fixture.run("wake", "main")
    assert fetch(url) == "page of main\n"


def test_what_has_outlived_its_branch_goes_and_nothing_else(engine_fixture: EngineFixture) -> None:
    for name in ("merged", "gone", "stays"):
        engine_fixture.branch(name, f"page of {name}\n")
        engine_fixture.up(name)
    engine_fixture.repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "merged")
    engine_fixture.repository.git("branch", "-D", "gone")
    engine_fixture.run("pin", "stays")
    assert "is merged" in engine_fixture.run("down", "--merged", "--branch-gone", "--expired", "--dry-run")
    engine_fixture.run("down", "--merged", "--branch-gone", "--expired")
    assert set(states(engine_fixture)) == {"stays"}


def test_watch_keeps_in_step_and_leaves_at_once(engine_fixture: EngineFixture) -> None:
    engine_fixture.branch("feature/a", "first\n")
    process = engine_fixture.start("watch", "--branches", "feature/*", "--interval", "3600", "--progress", "json")
    try:
        eventually(
            lambda: states(engine_fixture) == {"feature/a": "healthy"},
            what="the branch is up",
            within=PATIENCE,
            every=0.2,
        )
        (url,) = [environment["url"] for environment in engine_fixture.environments()]
        engine_fixture.branch("feature/a", "second\n")
        eventually(lambda: _page(url) == "second\n", what="the push is up", within=PATIENCE, every=0.2)
        engine_fixture.repository.git("branch", "-D", "feature/a")
        eventually(lambda: engine_fixture.remains() == [], what="it is gone", within=PATIENCE, every=0.2)
    finally:
        process.send_signal(signal.SIGINT)
        _printed, events = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert all(json.loads(line) for line in events.splitlines())


def _page(url: str) -> str:
    try:
        return fetch(url)
    except OSError:
        return ""


def _own(engine_fixture: EngineFixture) -> str:
    return f"{labels.INSTALLATION}={engine_fixture.installation}"
