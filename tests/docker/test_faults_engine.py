"""The engine itself fails: killed, stopped, without its containerd, out of disk. Tests have engines for that only.
One clear error, its exit code, and nothing left after the next command.

``PREVIEWER_KILL_POINTS=100`` kills previewer at so many random points instead of a few.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import connect
from previewer.domain import labels
from tests.docker.base_image import is_static_busybox, load_base_image
from tests.docker.own_engine import OwnEngine, fill_disk, small_disk, why_not
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]

KILL_POINTS = int(os.environ.get("PREVIEWER_KILL_POINTS", "10"))
COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo {page} > /page && exec busybox httpd -f -p 8080"]
    ports: ["8080"]
    healthcheck: {{test: [CMD, busybox, test, -f, "{checked}"], interval: 200ms, retries: 200}}
    volumes: ["data:/data"]
    stop_grace_period: 0s
  other:
    image: previewer-test/base:1
    command: [busybox, sleep, "600"]
    stop_grace_period: 0s
volumes: {{data: {{}}}}
"""
ALWAYS = """  steady:
    image: previewer-test/base:1
    command: [busybox, sleep, "600"]
    restart: always
    stop_grace_period: 0s
"""
ROLES = {f"envs/{role}.yaml": "include: [../compose.yaml]\n" for role in ("preview", "staging")}
ALL_ROLES = {**ROLES, "envs/production.yaml": ROLES["envs/staging.yaml"]}
WAITS = "/never"
"""A file that is not there: a check of it waits."""
NOTICED = 75.0
"""Seconds within which an engine that has stopped has to be noticed, undoing included. It takes 25, on a busy
machine more."""
PREVIEW = "it"


def new_engine(*flags: str, data: Path | None = None) -> OwnEngine:
    if (reason := why_not()) or not is_static_busybox():
        pytest.skip(reason or "no static /bin/busybox")
    return OwnEngine(Path(tempfile.mkdtemp(prefix="pve")), *flags, data=data)


@pytest.fixture(scope="module", params=["plain", "live-restore"])
def engine(request: pytest.FixtureRequest) -> Iterator[OwnEngine]:
    found = new_engine(*(["--live-restore"] if request.param == "live-restore" else []))
    yield found
    found.wipe()


def new_site(folder: Path, engine: OwnEngine) -> EngineFixture:
    """A repository with a page on each branch, frozen, so that an ``up`` is only an ``up``."""
    connection = connect(engine.host)
    load_base_image(connection, "faults")
    engine_fixture = EngineFixture(folder / "site", connection)
    for branch, checked in (("first", "/page"), ("second", "/page"), ("waits", WAITS)):
        engine_fixture.repository.git("checkout", "--quiet", "-B", branch, "main")
        engine_fixture.repository.commit(
            {"compose.yaml": COMPOSE.format(page=branch, checked=checked)}, subject=branch
        )
        engine_fixture.run("freeze", branch)
    return engine_fixture


@pytest.fixture(scope="module")
def shared(engine: OwnEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineFixture]:
    engine_fixture = new_site(tmp_path_factory.mktemp("engine"), engine)
    yield engine_fixture
    engine_fixture.connection.close()


@pytest.fixture
def engine_fixture(shared: EngineFixture) -> EngineFixture:
    shared.run("down", "--all", "--yes")
    assert shared.remains() == []
    return shared


def only_once(engine: OwnEngine) -> None:
    if engine.is_live_restore:
        pytest.skip("live-restore makes no difference to this")


def at(engine_fixture: EngineFixture, timestamp: str, *arguments: str) -> subprocess.Popen[str]:
    """A command whose progress has just told ``timestamp``."""
    process = engine_fixture.start(*arguments, "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if timestamp in line:
            return process
    raise AssertionError(f"it ended without {timestamp!r}")


def events(process: subprocess.Popen[str], code: int, *, within: float = NOTICED) -> str:
    """What it said in the end; one error, no traceback, the exit code."""
    _printed, text = process.communicate(timeout=within)
    assert process.returncode == code, text
    assert "Traceback" not in text
    assert text.count("error:") == 1
    return text


@pytest.mark.parametrize("timestamp", ["create container", "await health"])
def test_an_engine_that_is_killed_under_an_up(
    engine_fixture: EngineFixture, engine: OwnEngine, timestamp: str
) -> None:
    process = at(engine_fixture, timestamp, "up", "waits", "--name", PREVIEW)
    engine.kill()
    assert "what remains is unknown" in events(process, 9)
    engine.start()
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_an_engine_that_is_killed_under_a_down(engine_fixture: EngineFixture, engine: OwnEngine) -> None:
    engine_fixture.run("up", "first", "--name", PREVIEW)
    engine_fixture.run("up", "first", "--name", "bystander")
    process = at(engine_fixture, "remove container", "down", PREVIEW)
    engine.kill()
    events(process, 9)
    engine.start()
    # It ended the containers that it found, unless it lets them live: that is not a touch.
    assert "stopped-by-hand" not in engine_fixture.run("drift", "bystander")
    url = engine_fixture.up("first")["url"]
    assert engine.fetch(f"{url}/page") == "first\n"
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_an_engine_that_stops_is_noticed(engine_fixture: EngineFixture, engine: OwnEngine) -> None:
    only_once(engine)
    process = at(engine_fixture, "await health", "up", "waits", "--name", PREVIEW)
    engine.send(signal.SIGSTOP)
    try:
        assert "did not answer in time" in events(process, 9)
    finally:
        engine.send(signal.SIGCONT)
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_a_containerd_that_is_killed(engine_fixture: EngineFixture, engine: OwnEngine) -> None:
    """The engine starts it again, and meanwhile creates what it cannot start."""
    only_once(engine)
    process = at(engine_fixture, "create container", "up", "first", "--name", PREVIEW)
    engine.kill_containerd()
    process.communicate(timeout=NOTICED)
    assert process.returncode in (0, 1, 4, 9)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        again = engine_fixture.start("up", "second", "--name", PREVIEW)
        again.communicate(timeout=60)
        if again.returncode == 0:
            break
        time.sleep(1)
    (environment,) = engine_fixture.environments()
    assert environment["state"] in ("running", "healthy")
    assert len(generations(engine_fixture)) == 1
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_previewer_killed_at_random_points(engine_fixture: EngineFixture, engine: OwnEngine) -> None:
    """Afterwards one more command leaves the environment whole or gone."""
    only_once(engine)
    dice = random.Random(KILL_POINTS)  # the same points each time
    for point in range(KILL_POINTS):
        verb = ("up", "replace", "down")[point % 3]
        if verb != "up":
            engine_fixture.run("up", "first", "--name", PREVIEW)
        arguments = ("down", PREVIEW) if verb == "down" else ("up", "second", "--name", PREVIEW)
        process = engine_fixture.start(*arguments)
        time.sleep(dice.uniform(0.3, 1.8))
        process.kill()
        process.communicate(timeout=20)
        if dice.random() < 0.5:
            engine_fixture.run("up", "second", "--name", PREVIEW)
            (environment,) = engine_fixture.environments()
            assert engine.fetch(f"{environment['url']}/page") == "second\n"
            assert len(generations(engine_fixture)) == 1, f"point {point}: {verb}"
        engine_fixture.run("down", "--all", "--yes")
        assert engine_fixture.remains() == [], f"point {point}: {verb}"


def test_what_was_stopped_to_be_kept_stays_so_when_the_engine_is_restarted(
    engine_fixture: EngineFixture, engine: OwnEngine
) -> None:
    """Docker itself would start it, as it starts what has the policy `always`, stopped on purpose or not."""
    only_once(engine)
    api = engine_fixture.connection.api
    for page in ("one", "two"):
        engine_fixture.repository.git("checkout", "--quiet", "-B", "kept", "main")
        text = COMPOSE.format(page=page, checked="/page").replace("services:\n", "services:\n" + ALWAYS)
        engine_fixture.repository.commit({"compose.yaml": text, **ROLES}, subject=page)
        engine_fixture.run("up", "kept", "--role", "staging", "--yes")
    engine_fixture.run("sleep", "staging")
    engine.kill()
    engine.start()
    assert [environment["state"] for environment in engine_fixture.environments()] == ["asleep"]
    assert api.containers(filters={"label": [f"{labels.INSTALLATION}={engine_fixture.installation}"]}) == []
    url = json.loads(engine_fixture.run("wake", "staging", "-o", "json"))["url"]
    assert engine.fetch(f"{url}/page") == "two\n"
    assert policy_of(engine_fixture) == "always"
    assert touched_parts(engine_fixture) == []
    engine_fixture.run("rollback", "staging", "--yes")
    assert engine.fetch(f"{url}/page") == "one\n"
    assert policy_of(engine_fixture) == "always"
    assert touched_parts(engine_fixture) == []
    engine_fixture.run("down", "staging", "--yes")
    assert engine_fixture.remains() == []


def touched_parts(engine_fixture: EngineFixture) -> list[str]:
    """What drift finds but for the page that the service writes."""
    (drift,) = json.loads(engine_fixture.run("drift", "staging", "-o", "json"))
    return [finding["kind"] for finding in drift["findings"] if finding["layer"] != "files"]


def generations(engine_fixture: EngineFixture) -> set[str]:
    return {number for thing in engine_fixture.remains() for number in re.findall(r"-g(\d+)", thing)[-1:]}


def policy_of(engine_fixture: EngineFixture) -> str:
    policy: str = engine_fixture.inspect("steady")["HostConfig"]["RestartPolicy"]["Name"]
    return policy


STAGING = ("--role", "staging", "--yes")
PREPARED: tuple[tuple[str, ...], ...] = (
    ("up", "first", "--name", PREVIEW),
    ("up", "first", "--name", "napping"),
    ("sleep", "napping"),
    ("up", "first", *STAGING),
    ("up", "second", *STAGING),
)
ON_A_FULL_DISK: tuple[tuple[int | None, tuple[str, ...]], ...] = (
    (None, ("freeze", "grows")),
    (10, ("up", "second", "--name", "further")),
    (10, ("up", "second", "--name", PREVIEW)),
    (10, ("replace", PREVIEW)),
    (10, ("update", PREVIEW, "--yes")),
    (10, ("promote", "staging", "--to", "production", "--yes")),
    (None, ("rollback", "staging", "--yes")),
    (None, ("wake", "napping")),
    (None, ("debug", PREVIEW, "web", "--", "busybox", "true")),
    (0, ("extend", PREVIEW, "5d")),
    (0, ("sleep", PREVIEW)),
    (0, ("prune", "--keep", "0", "--releases", "--yes")),
    (0, ("down", PREVIEW)),
    (0, ("down", "staging", "--yes")),
)
"""Verbs, and how each ends: what only takes away works. ``None``: it may find the few blocks that it needs."""


@pytest.mark.timeout(400)
def test_a_full_disk(tmp_path: Path) -> None:
    """What needs room is refused, or fails and is undone, with one error; what serves goes on."""
    with small_disk(tmp_path, "400M") as place:
        engine = new_engine(data=place / "data")
        try:
            refuse_and_undo(new_site(tmp_path, engine), engine, place)
        finally:
            engine.wipe()


def refuse_and_undo(engine_fixture: EngineFixture, engine: OwnEngine, place: Path) -> None:
    for branch in ("first", "second"):
        engine_fixture.repository.git("checkout", "--quiet", branch)
        text = COMPOSE.format(page=branch, checked="/page").replace("200ms", "1s")  # the least for production
        engine_fixture.repository.commit({**ALL_ROLES, "compose.yaml": text}, subject="roles")
    for command in PREPARED:
        engine_fixture.run(*command)
    engine_fixture.repository.git("checkout", "--quiet", "first")
    engine_fixture.repository.commit({"other": "x"}, subject="newer")
    engine_fixture.repository.git("checkout", "--quiet", "-B", "grows", "main")
    engine_fixture.repository.commit({"web/index.html": "x" * 3_000_000}, subject="grows")
    served = {found["environment"]: found["url"] for found in engine_fixture.environments()}
    for code, command in ON_A_FULL_DISK:
        fill_disk(place)
        process = engine_fixture.start(*command)
        _printed, said = process.communicate(timeout=NOTICED)
        assert process.returncode == (process.returncode and 1 if code is None else code), said
        assert said.count("error:") == ("disk" in said) == bool(process.returncode), said
        if code != 0:
            assert engine.fetch(f"{served[PREVIEW]}/page") == "first\n", command
    (place / "ballast").unlink()
    engine_fixture.run("wake", "napping")
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []
    engine_fixture.connection.close()
