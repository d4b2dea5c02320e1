"""Bad luck and other people's hands: killed runs, things taken away, things in the way."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

VICTIM = f"victim-{os.urandom(3).hex()}"
"""The environment that things happen to. Runs of these tests at the same time do not meet."""
FRONT, BROKEN, NEXT = "front", "broken", "next"
COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo {page} > /page && exec busybox httpd -f -p 8080"]
    ports: ["8080"]
    healthcheck: {{test: [CMD, busybox, '{check}', -f, /page], interval: 100ms, retries: 3}}
    volumes: ["data:/data"]
    stop_grace_period: 0s
  other:
    image: previewer-test/base:1
    command: [busybox, sleep, "600"]
    depends_on: {{web: {{condition: service_healthy}}}}
volumes:
  data:
"""
WHOLE = 4
"""Two containers, a network, a volume."""
DEADLINE = 15.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def shared(folder: Path, docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[EngineFixture]:
    """One repository for all: frozen once, so that an ``up`` is only an ``up``."""
    del base_image
    engine_fixture = EngineFixture(folder / "site", docker_connection)
    for branch, page, check in ((FRONT, "first", "test"), (NEXT, "second", "test"), (BROKEN, "third", "false")):
        engine_fixture.repository.git("checkout", "--quiet", "-B", branch, "main")
        engine_fixture.repository.commit({"compose.yaml": COMPOSE.format(page=page, check=check)}, subject=page)
        engine_fixture.run("freeze", branch)
    yield engine_fixture
    engine_fixture.clean_up()


@pytest.fixture
def engine_fixture(shared: EngineFixture) -> Iterator[EngineFixture]:
    yield shared
    if shared.remains():
        shared.clean_up_objects()


def bring_up(engine_fixture: EngineFixture, revision: str, name: str = VICTIM) -> str:
    """Run a revision under a name that does not depend on it; its URL."""
    found = json.loads(engine_fixture.run("up", revision, "--name", name, "-o", "json"))
    return str(found["url"])


def parts_of(engine_fixture: EngineFixture) -> list[str]:
    """What there is of the environment, but for the network that a successor takes over ports with."""
    return [part for part in engine_fixture.remains() if not part.endswith("-edge")]


def stop_at(engine_fixture: EngineFixture, timestamp: str, *arguments: str) -> subprocess.Popen[str]:
    """A command that stands still at the first line of its progress that has ``timestamp`` in it."""
    process = engine_fixture.start(*arguments, "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if timestamp in line:
            process.send_signal(signal.SIGSTOP)
            return process
    raise AssertionError(f"it ended without {timestamp!r}")


def kill_at(engine_fixture: EngineFixture, timestamp: str, *arguments: str, delay: float = 0.0) -> None:
    """Kill a command at the first line of its progress with ``timestamp`` in it, or ``delay`` seconds later."""
    process = engine_fixture.start(*arguments, "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if timestamp in line:
            break
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=DEADLINE)


def tell(engine_fixture: EngineFixture, *arguments: str) -> tuple[int, str]:
    """The exit code of a command that fails, and what it told on standard error."""
    process = engine_fixture.start(*arguments)
    _printed, events = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in events
    return process.returncode, events


def generations(engine_fixture: EngineFixture) -> set[str]:
    """By their numbers, which go on from test to test."""
    return {number for thing in engine_fixture.remains() for number in re.findall(r"-g(\d+)", thing)[-1:]}


def test_what_a_killed_up_left_goes_with_down(engine_fixture: EngineFixture) -> None:
    kill_at(engine_fixture, "start container", "up", FRONT, "--name", VICTIM)
    assert engine_fixture.remains() != []
    engine_fixture.run("down", VICTIM)
    assert engine_fixture.remains() == []


@pytest.mark.parametrize(("timestamp", "answer"), [("await health", "first\n"), ("remove container", "second\n")])
def test_a_killed_replacement_leaves_an_answer_and_the_next_up_mends_it(
    engine_fixture: EngineFixture, timestamp: str, answer: str
) -> None:
    """The engine that answers when the other one is not there, or not there any more."""
    urls = {"first\n": bring_up(engine_fixture, FRONT)}
    kill_at(engine_fixture, timestamp, "up", NEXT, "--name", VICTIM)
    (environment,) = engine_fixture.environments()
    urls.setdefault(answer, environment["url"])
    assert page_of(urls[answer]) == answer
    assert page_of(bring_up(engine_fixture, NEXT)) == "second\n"
    assert len(generations(engine_fixture)) == 1
    assert len(parts_of(engine_fixture)) == WHOLE


@pytest.mark.parametrize(("timestamp", "next_command"), [("remove container", "down"), ("remove network", "up")])
def test_a_killed_down_is_mended_by_whatever_comes_next(
    engine_fixture: EngineFixture, timestamp: str, next_command: str
) -> None:
    bring_up(engine_fixture, FRONT)
    kill_at(engine_fixture, timestamp, "down", VICTIM)
    if next_command == "down":
        engine_fixture.run("down", VICTIM)
        assert engine_fixture.remains() == []
    else:
        assert page_of(bring_up(engine_fixture, FRONT)) == "first\n"
        assert len(parts_of(engine_fixture)) == WHOLE


def test_the_old_generation_answers_while_its_successor_fails(engine_fixture: EngineFixture) -> None:
    url = bring_up(engine_fixture, FRONT)
    process = engine_fixture.start("up", BROKEN, "--name", VICTIM)
    while process.poll() is None:
        assert page_of(url) == "first\n"
        time.sleep(0.02)
    _printed, events = process.communicate(timeout=DEADLINE)
    assert process.returncode == 4
    assert "web" in events
    assert page_of(url) == "first\n"
    assert len(parts_of(engine_fixture)) == WHOLE


def test_what_was_removed_by_hand_is_missed_and_made_again(engine_fixture: EngineFixture) -> None:
    bring_up(engine_fixture, FRONT)
    api = engine_fixture.connection.api
    (generation,) = map(int, generations(engine_fixture))
    api.remove_container(f"{VICTIM}-g{generation}-other-1", force=True)
    api.disconnect_container_from_network(
        f"{VICTIM}-g{generation}-web-1", f"{VICTIM}-g{generation}_default", force=True
    )
    api.remove_network(f"{VICTIM}-g{generation}_default")
    assert [environment["environment"] for environment in engine_fixture.environments()] == [VICTIM]
    assert json.loads(engine_fixture.run("status", VICTIM, "-o", "json"))["environment"] == VICTIM
    assert page_of(bring_up(engine_fixture, FRONT)) == "first\n"
    assert len(parts_of(engine_fixture)) == WHOLE
    for service in ("web", "other"):
        api.remove_container(f"{VICTIM}-g{generation + 1}-{service}-1", force=True)
    engine_fixture.run("down", VICTIM)
    assert engine_fixture.remains() == []


def test_a_stranger_on_the_network_does_not_keep_it(engine_fixture: EngineFixture) -> None:
    api = engine_fixture.connection.api
    stranger = f"stranger-{engine_fixture.installation}"
    api.create_container("previewer-test/base:1", ["busybox", "sleep", "600"], name=stranger)
    try:
        api.start(stranger)
        bring_up(engine_fixture, FRONT)
        (generation,) = generations(engine_fixture)
        api.connect_container_to_network(stranger, f"{VICTIM}-g{generation}_default")
        engine_fixture.run("down", VICTIM)
        assert engine_fixture.remains() == []
        assert api.inspect_container(stranger)["State"]["Running"]
    finally:
        api.remove_container(stranger, force=True)


def test_down_waits_for_none_but_takes_over_from_the_dead(engine_fixture: EngineFixture) -> None:
    working = stop_at(engine_fixture, "start container", "up", FRONT, "--name", VICTIM)
    try:
        code, events = tell(engine_fixture, "down", VICTIM)
        assert code == 7
        assert f"process {working.pid}" in events
        assert socket.gethostname() in events
        assert "since 20" in events
        assert "up front" in events
        assert engine_fixture.remains() != []
    finally:
        working.kill()
        working.communicate(timeout=DEADLINE)
    engine_fixture.run("down", VICTIM)
    assert engine_fixture.remains() == []


def test_two_clones_see_the_same_environments_and_releases(engine_fixture: EngineFixture, folder: Path) -> None:
    url = bring_up(engine_fixture, FRONT)
    clone = engine_fixture.clone(folder / "clone")
    assert [(e["environment"], e["url"]) for e in clone.environments()] == [(VICTIM, url)]
    releases = [json.loads(one.run("freeze", "main", "-o", "json"))["release"] for one in (engine_fixture, clone)]
    assert releases[0] == releases[1]
    clone.run("down", VICTIM)
    assert engine_fixture.remains() == []


def test_a_port_taken_meanwhile_is_left_to_them(engine_fixture: EngineFixture) -> None:
    port = int(bring_up(engine_fixture, FRONT).rpartition(":")[2])
    engine_fixture.run("down", VICTIM)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        url = bring_up(engine_fixture, FRONT)
    assert not url.endswith(f":{port}")
    assert page_of(url) == "first\n"


def test_a_full_address_pool_is_one_error_and_leaves_nothing(
    engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREVIEWER_ADDRESS_POOL", "10.97.63.0/29")
    monkeypatch.setenv("PREVIEWER_SUBNET_PREFIX", "29")
    bring_up(engine_fixture, FRONT)
    code, events = tell(engine_fixture, "up", FRONT, "--name", "second", "--progress", "quiet")
    assert code == 10
    assert events.count("error:") == 1
    assert "0 subnets of the address pool free, 1 needed" in events
    assert "hint: remove unused environments" in events
    assert not any("second" in thing for thing in engine_fixture.remains())


def page_of(url: str) -> str:
    return fetch(f"{url}/page")
