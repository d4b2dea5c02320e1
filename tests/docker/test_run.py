"""Commands beside environments of their own: whatever ends them, nothing is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.eventually import eventually
from tests.worlds.docker import TIMEOUT, EngineFixture

pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # many environments come up one after the other
    pytest.mark.usefixtures("base_image"),
]

COMPOSE = """
name: site
services:
  web:
    build: web
    ports: ["8080"]
    volumes: ["data:/data"]
    environment: {DB_PASSWORD: hunter2-of-the-site}
volumes: {data: {}}
x-previewer: {parity: {probe: {requests: [/], ignore: {headers: [last-modified, etag, date, content-length]}}}}
"""
POINTS = int(os.environ.get("PREVIEWER_TEST_KILL_POINTS", "3"))
FETCH = (
    "import os, urllib.request; print(urllib.request.urlopen(os.environ['PREVIEWER_URL']).read().decode(), end='')"
)


class Bench(EngineFixture):
    """A small site, and `run` on it."""

    def __init__(self, folder: Path, connection: DockerConnection) -> None:
        super().__init__(folder, connection)
        self.repository.commit({"compose.yaml": COMPOSE})
        self.evidence = folder.parent / "evidence"

    def beside(self, *arguments: str, code: int = 0, revision: str = "main") -> str:
        """`previewer run` with these options and this command."""
        return self.run("run", revision, "--evidence", str(self.evidence), *arguments, code=code)


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[Bench]:
    del base_image
    found = Bench(tmp_path_factory.mktemp("run") / "site", docker_connection)
    yield found
    found.clean_up()


def test_a_command_gets_the_urls_and_its_exit_code_is_kept(bench: Bench) -> None:
    assert bench.beside("--", sys.executable, "-c", FETCH) == "page of main\n"
    assert bench.remains() == []
    assert not bench.evidence.exists()
    bench.beside("--junit", str(bench.evidence.parent / "junit.xml"), "--", "sh", "-c", "exit 7", code=7)
    assert bench.remains() == []
    (folder,) = (path for path in bench.evidence.iterdir() if path.is_dir())
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    log = f"logs/{folder.name}-g1-web-1.log"
    plan, health, inspection = "plan.txt", "health.json", "inspection.json"
    assert files == {plan, health, inspection, log, "events.txt", "release.json", "run.json"}
    assert "create container" in (folder / plan).read_text()
    assert json.loads((folder / health).read_text())["state"] == "running"
    assert "hunter2" not in "".join((folder / name).read_text() for name in (inspection, log, "events.txt"))
    with tarfile.open(bench.evidence / f"{folder.name}.tar.gz") as archive:
        assert f"{folder.name}/{log}" in archive.getnames()
    (case,) = ET.parse(bench.evidence.parent / "junit.xml").getroot().iter("testcase")
    assert case.find("failure") is not None


def test_a_command_runs_in_a_copy_of_a_service(bench: Bench) -> None:
    printed = bench.beside("--in", "web", "--", "sh", "-c", "echo $PREVIEWER_ENVIRONMENT; exit 5", code=5)
    assert printed.startswith(f"{bench.project}-run-")
    assert bench.remains() == []


def test_what_fails_can_be_kept(bench: Bench) -> None:
    bench.beside("--keep-on-failure", "--env", "kept", "--", "false", code=1)
    (kept,) = bench.environments()
    assert (kept["environment"], kept["state"]) == ("kept", "running")
    bench.beside("--env", "kept", "--", "true", code=7)  # it is not its own, and would be removed
    bench.run("down", "kept")
    assert bench.remains() == []


def test_a_signal_reaches_the_command_and_a_time_limit_ends_it(bench: Bench) -> None:
    script = "trap 'exit 9' TERM; echo ready; sleep 100 & wait"
    process = bench.start("run", "main", "--evidence", str(bench.evidence), "--", "sh", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 9
    bench.beside("--timeout", "2", "--", "sleep", "100", code=8)
    assert bench.remains() == []


def test_a_killed_run_is_swept_and_what_its_sweeper_cannot_goes_with_the_next_command(bench: Bench) -> None:
    dice = random.Random(1)
    for point in range(POINTS):
        process = bench.start("run", "main", "--", "sleep", f"31.{point}")
        time.sleep(dice.uniform(0.1, 4))  # where the kill falls, and nothing that is judged
        process.kill()
        process.wait()
        eventually(lambda: bench.remains() == [], what="the sweeper removes everything")
    process = bench.start("run", "main", "--", sys.executable, "-c", "print('up', flush=True); input()")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    for child in _children(process.pid):  # its sweeper is one of them
        os.kill(child, signal.SIGKILL)
    process.kill()
    process.wait()
    assert bench.remains() != []
    bench.run("down", "--expired")
    assert bench.remains() == []


def test_several_run_beside_each_other_in_one_report(bench: Bench) -> None:
    for name in ("one", "two", "three"):
        bench.branch(name, f"page of {name}\n")
    report = bench.evidence.parent / "matrix.xml"
    names = ("one", "two", "three", "none")
    arguments = ("--matrix", "-o", "json", "--junit", str(report), "--evidence", str(bench.evidence))
    script = f'"{sys.executable}" -c "{FETCH}" | grep -q "page of $PREVIEWER_BRANCH"'
    found = json.loads(bench.run("run", *names, *arguments, "--", "sh", "-c", script, code=1))
    assert {entry["run"]: entry["exit_code"] for entry in found} == {"one": 0, "two": 0, "three": 0, "none": None}
    failed = [
        case.get("name")
        for case in ET.parse(report).getroot().iter("testcase")
        if case.find("failure") is not None
    ]
    assert failed == ["none"]
    assert bench.remains() == []
    script = f"import os; print(os.environ['PREVIEWER_URL'])\n{FETCH}"
    asked = ("--probe", "-o", "json", "--exit-code", "--", sys.executable, "-c", script)
    compared = json.loads(bench.run("compare", "one", "two", *asked, code=3))
    assert [(row["asked"], row["what"], row["left"], row["right"]) for row in compared["differences"]] == [
        ("command", "line 2", "page of one", "page of two"),
        ("GET /", "body", "page of one", "page of two"),
    ]
    assert bench.remains() == []


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]
