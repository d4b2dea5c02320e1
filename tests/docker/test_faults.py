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
from tests.worlds.docker import Site, fetch

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
def shared(folder: Path, docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[Site]:
    """One repository for all: frozen once, so that an ``up`` is only an ``up``."""
    del base_image
    site = Site(folder / "site", docker_connection)
    for branch, page, check in ((FRONT, "first", "test"), (NEXT, "second", "test"), (BROKEN, "third", "false")):
        site.repository.git("checkout", "--quiet", "-B", branch, "main")
        site.repository.commit({"compose.yaml": COMPOSE.format(page=page, check=check)}, subject=page)
        site.run("freeze", branch)
    yield site
    site.clean_up()


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    yield shared
    if shared.remains():
        shared.clean_up_objects()


def bring_up(site: Site, revision: str, name: str = VICTIM) -> str:
    """Run a revision under a name that does not depend on it; its URL."""
    found = json.loads(site.run("up", revision, "--name", name, "-o", "json"))
    return str(found["url"])


def parts_of(site: Site) -> list[str]:
    """What there is of the environment, but for the network that a successor takes over ports with."""
    return [part for part in site.remains() if not part.endswith("-edge")]


def stop_at(site: Site, moment: str, *arguments: str) -> subprocess.Popen[str]:
    """A command that stands still at the first line of its progress that has ``moment`` in it."""
    process = site.start(*arguments, "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            process.send_signal(signal.SIGSTOP)
            return process
    raise AssertionError(f"it ended without {moment!r}")


def kill_at(site: Site, moment: str, *arguments: str, delay: float = 0.0) -> None:
    """Kill a command at the first line of its progress that has ``moment`` in it, or ``delay`` seconds later."""
    process = site.start(*arguments, "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            break
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=DEADLINE)


def tell(site: Site, *arguments: str) -> tuple[int, str]:
    """The exit code of a command that fails, and what it told on standard error."""
    process = site.start(*arguments)
    _printed, told = process.communicate(timeout=DEADLINE)
    assert "Traceback" not in told
    return process.returncode, told


def generations(site: Site) -> set[str]:
    """By their numbers, which go on from test to test."""
    return {number for thing in site.remains() for number in re.findall(r"-g(\d+)", thing)[-1:]}


def test_what_a_killed_up_left_goes_with_down(site: Site) -> None:
    kill_at(site, "start container", "up", FRONT, "--name", VICTIM)
    assert site.remains() != []
    site.run("down", VICTIM)
    assert site.remains() == []


@pytest.mark.parametrize(("moment", "answer"), [("await health", "first\n"), ("remove container", "second\n")])
def test_a_killed_replacement_leaves_an_answer_and_the_next_up_mends_it(
    site: Site, moment: str, answer: str
) -> None:
    """Whoever answers when the other one is not there, or not there any more."""
    urls = {"first\n": bring_up(site, FRONT)}
    kill_at(site, moment, "up", NEXT, "--name", VICTIM)
    (environment,) = site.environments()
    urls.setdefault(answer, environment["url"])
    assert page_of(urls[answer]) == answer
    assert page_of(bring_up(site, NEXT)) == "second\n"
    assert len(generations(site)) == 1
    assert len(parts_of(site)) == WHOLE


@pytest.mark.parametrize(("moment", "next_command"), [("remove container", "down"), ("remove network", "up")])
def test_a_killed_down_is_mended_by_whatever_comes_next(site: Site, moment: str, next_command: str) -> None:
    bring_up(site, FRONT)
    kill_at(site, moment, "down", VICTIM)
    if next_command == "down":
        site.run("down", VICTIM)
        assert site.remains() == []
    else:
        assert page_of(bring_up(site, FRONT)) == "first\n"
        assert len(parts_of(site)) == WHOLE


def test_the_old_generation_answers_while_its_successor_fails(site: Site) -> None:
    url = bring_up(site, FRONT)
    process = site.start("up", BROKEN, "--name", VICTIM)
    while process.poll() is None:
        assert page_of(url) == "first\n"
        time.sleep(0.02)
    _printed, told = process.communicate(timeout=DEADLINE)
    assert process.returncode == 4
    assert "web" in told
    assert page_of(url) == "first\n"
    assert len(parts_of(site)) == WHOLE


def test_what_somebody_removed_by_hand_is_missed_and_made_again(site: Site) -> None:
    bring_up(site, FRONT)
    api = site.connection.api
    (generation,) = map(int, generations(site))
    api.remove_container(f"{VICTIM}-g{generation}-other-1", force=True)
    api.disconnect_container_from_network(
        f"{VICTIM}-g{generation}-web-1", f"{VICTIM}-g{generation}_default", force=True
    )
    api.remove_network(f"{VICTIM}-g{generation}_default")
    assert [environment["environment"] for environment in site.environments()] == [VICTIM]
    assert json.loads(site.run("status", VICTIM, "-o", "json"))["environment"] == VICTIM
    assert page_of(bring_up(site, FRONT)) == "first\n"
    assert len(parts_of(site)) == WHOLE
    for service in ("web", "other"):
        api.remove_container(f"{VICTIM}-g{generation + 1}-{service}-1", force=True)
    site.run("down", VICTIM)
    assert site.remains() == []


def test_a_stranger_on_the_network_does_not_keep_it(site: Site) -> None:
    api = site.connection.api
    stranger = f"stranger-{site.installation}"
    api.create_container("previewer-test/base:1", ["busybox", "sleep", "600"], name=stranger)
    try:
        api.start(stranger)
        bring_up(site, FRONT)
        (generation,) = generations(site)
        api.connect_container_to_network(stranger, f"{VICTIM}-g{generation}_default")
        site.run("down", VICTIM)
        assert site.remains() == []
        assert api.inspect_container(stranger)["State"]["Running"]
    finally:
        api.remove_container(stranger, force=True)


def test_down_waits_for_nobody_but_takes_over_from_the_dead(site: Site) -> None:
    working = stop_at(site, "start container", "up", FRONT, "--name", VICTIM)
    try:
        code, told = tell(site, "down", VICTIM)
        assert code == 7
        assert f"process {working.pid}" in told
        assert socket.gethostname() in told
        assert "since 20" in told
        assert "up front" in told
        assert site.remains() != []
    finally:
        working.kill()
        working.communicate(timeout=DEADLINE)
    site.run("down", VICTIM)
    assert site.remains() == []


def test_two_clones_see_the_same_environments_and_releases(site: Site, folder: Path) -> None:
    url = bring_up(site, FRONT)
    clone = site.clone(folder / "clone")
    assert [(e["environment"], e["url"]) for e in clone.environments()] == [(VICTIM, url)]
    releases = [json.loads(one.run("freeze", "main", "-o", "json"))["release"] for one in (site, clone)]
    assert releases[0] == releases[1]
    clone.run("down", VICTIM)
    assert site.remains() == []


def test_a_port_that_somebody_took_meanwhile_is_left_to_them(site: Site) -> None:
    port = int(bring_up(site, FRONT).rpartition(":")[2])
    site.run("down", VICTIM)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        url = bring_up(site, FRONT)
    assert not url.endswith(f":{port}")
    assert page_of(url) == "first\n"


def test_a_full_address_pool_is_one_error_and_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_ADDRESS_POOL", "10.97.63.0/29")
    monkeypatch.setenv("PREVIEWER_SUBNET_PREFIX", "29")
    bring_up(site, FRONT)
    code, told = tell(site, "up", FRONT, "--name", "second", "--progress", "quiet")
    assert code == 10
    assert told.count("error:") == 1
    assert "0 subnets of the address pool free, 1 needed" in told
    assert "hint: remove environments" in told
    assert not any("second" in thing for thing in site.remains())


def page_of(url: str) -> str:
    return fetch(f"{url}/page")
