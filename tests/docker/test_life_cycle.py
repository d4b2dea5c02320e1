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
from tests.worlds.docker import Site, fetch

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

PATIENCE = 60.0


def states(site: Site) -> dict[str, str]:
    """What ``ls`` says of each branch's environment."""
    return {environment["branch"]: environment["state"] for environment in site.environments()}


def test_what_is_removed_leaves_its_last_words_and_nothing_else(site: Site) -> None:
    name = site.up("main")["environment"]
    removed = json.loads(site.run("down", "main", "-o", "json"))
    assert site.remains() == []
    (stone,) = removed["tombstones"]
    assert {former["service"]: former["exit_code"] for former in stone["containers"]} == {"job": 0, "web": None}
    assert all(isinstance(former["bytes"], int) for former in stone["containers"])
    assert json.loads(site.run("status", "--gone", "main", "-o", "json"))["environment"] == name
    site.run("status", "main", code=6)
    site.run("logs", "--gone", name)


def test_it_sleeps_and_wakes_with_its_data_and_its_url(site: Site) -> None:
    url = site.up("main")["url"]
    (web,) = site.connection.api.containers(filters={"name": "-web-1", "label": [_own(site)]})
    command = site.connection.api.exec_create(web["Id"], ["busybox", "sh", "-c", "echo kept > /data/file"])
    site.connection.api.exec_start(command["Id"])
    site.run("sleep", "main")
    assert states(site) == {"main": "asleep"}
    assert site.connection.api.containers(filters={"label": [_own(site)]}) == []
    woken = json.loads(site.run("wake", "main", "-o", "json"))
    assert (woken["url"], woken["state"]) == (url, "healthy")
    assert fetch(url) == "page of main\n"
    command = site.connection.api.exec_create(web["Id"], ["busybox", "cat", "/data/file"])
    assert site.connection.api.exec_start(command["Id"]) == b"kept\n"


def test_a_port_that_was_taken_meanwhile_leaves_it_asleep(site: Site) -> None:
    url = site.up("main")["url"]
    site.run("sleep", "main")
    with closing(socket.socket()) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", urlsplit(url).port or 0))
        thief.listen()
        site.run("wake", "main", code=1)
        assert states(site) == {"main": "asleep"}
    site.run("wake", "main")
    assert fetch(url) == "page of main\n"


def test_what_has_outlived_its_branch_goes_and_nothing_else(site: Site) -> None:
    for name in ("merged", "gone", "stays"):
        site.branch(name, f"page of {name}\n")
        site.up(name)
    site.repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "merged")
    site.repository.git("branch", "-D", "gone")
    site.run("pin", "stays")
    assert "is merged" in site.run("down", "--merged", "--branch-gone", "--expired", "--dry-run")
    site.run("down", "--merged", "--branch-gone", "--expired")
    assert set(states(site)) == {"stays"}


def test_watch_keeps_in_step_and_leaves_at_once(site: Site) -> None:
    site.branch("feature/a", "first\n")
    process = site.start("watch", "--branches", "feature/*", "--interval", "3600", "--progress", "json")
    try:
        eventually(
            lambda: states(site) == {"feature/a": "healthy"}, what="the branch is up", within=PATIENCE, every=0.2
        )
        (url,) = [environment["url"] for environment in site.environments()]
        site.branch("feature/a", "second\n")
        eventually(lambda: _page(url) == "second\n", what="the push is up", within=PATIENCE, every=0.2)
        site.repository.git("branch", "-D", "feature/a")
        eventually(lambda: site.remains() == [], what="it is gone", within=PATIENCE, every=0.2)
    finally:
        process.send_signal(signal.SIGINT)
        _printed, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert all(json.loads(line) for line in told.splitlines())


def _page(url: str) -> str:
    try:
        return fetch(url)
    except OSError:
        return ""


def _own(site: Site) -> str:
    return f"{labels.INSTALLATION}={site.installation}"
