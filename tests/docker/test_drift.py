"""Drift, taint and debug copies through the command line: what is untouched is as frozen, whatever its life."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow]
SECRET = "s3cr3t-of-the-guests"
COMPOSE = f"""
x-previewer:
  writable: {{queue: [/var/spool], db: [/var/lib/db]}}
services:
  web:
    build: web
    ports: ["8080"]
    configs: [greeting]
    volumes: ["./etc/motd:/site/motd.txt:ro", "uploads:/uploads"]
    depends_on: {{migrate: {{condition: service_completed_successfully}}, db: {{condition: service_healthy}}}}
    healthcheck: {{test: "busybox wget -qO /dev/null http://localhost:8080/", interval: 1s, retries: 20}}
    environment: {{API_TOKEN: {SECRET}, EMPTY: "", UNSET: , PATH: /bin:/usr/bin}}
    init: true
    mem_limit: 64m
    ulimits: {{nofile: 512}}
  db:
    image: previewer-test/base:1
    command: [sh, -c, "mkdir -p /var/lib/db; while date > /var/lib/db/wal && date > /data/table; do sleep 1; done"]
    volumes: ["data:/data"]
    healthcheck: {{test: [CMD, test, -f, /data/table], interval: 500ms, retries: 30}}
    cap_drop: [ALL]
    stop_signal: SIGKILL
  queue:
    image: previewer-test/base:1
    command: [sh, -c, "mkdir -p /var/spool; while :; do date > /var/spool/job; sleep 1; done"]
    deploy: {{replicas: 2}}
    user: "0:0"
    restart: on-failure:3
    labels: {{com.example.team: guests}}
  cache:
    image: previewer-test/base:1
    command: [sh, -c, "date > /run/cache.sock; sleep 1000"]
    read_only: true
    tmpfs: [/run]
    secrets: [token]
    security_opt: ["no-new-privileges:true"]
    sysctls: {{net.core.somaxconn: "128"}}
    extra_hosts: ["elsewhere=10.0.0.1"]
    networks: {{default: {{aliases: [memory]}}, back: {{}}}}
  sidecar:
    image: previewer-test/base:1
    command: [sleep, "1000"]
    network_mode: service:cache
  migrate:
    image: previewer-test/base:1
    command: [sh, -c, "date > /data/migrated"]
    volumes: ["data:/data"]
    depends_on: {{db: {{condition: service_healthy}}}}
networks: {{default: {{}}, back: {{internal: true}}}}
volumes: {{data: {{}}, uploads: {{}}}}
configs: {{greeting: {{file: ./etc/greeting}}}}
secrets: {{token: {{file: ./etc/greeting}}}}
"""


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineFixture]:
    del base_image
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = EngineFixture(tmp_path / "repository", docker_connection)
    try:
        yield made
    finally:
        made.clean_up()


def drift(engine_fixture: EngineFixture, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """The findings, as ``-o json`` has them."""
    found = json.loads(engine_fixture.run("drift", "-o", "json", *arguments, code=code))
    return [finding for environment in found for finding in environment["findings"]]


def test_what_is_untouched_is_as_frozen_through_all_its_life(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": COMPOSE}, subject="many services")
    engine_fixture.up("main")
    assert drift(engine_fixture) == [], "just made"
    assert drift(engine_fixture) == [], "remembered"
    engine_fixture.repository.commit({"web/index.html": "another page\n"}, subject="another page")
    engine_fixture.up("main")
    assert drift(engine_fixture, "--fresh") == [], "its ports were taken over from another generation"
    engine_fixture.run("sleep", "main")
    assert drift(engine_fixture) == [], "asleep"
    engine_fixture.run("wake", "main")
    assert drift(engine_fixture) == [], "awake again"
    engine_fixture.repository.commit(
        {"previewer.toml": '[limits.preview]\nmemory = "99m"\n'}, subject="other limits"
    )
    assert {finding["kind"] for finding in drift(engine_fixture)} == {"settings-changed"}, (
        "as it was asked for then"
    )
    assert not any(environment["tainted"] for environment in engine_fixture.environments())


def test_a_touch_taints_until_it_is_replaced(engine_fixture: EngineFixture) -> None:
    made = engine_fixture.up("main")
    web = f"{made['environment']}-g1-web-1"
    api = engine_fixture.connection.api
    started: Any = api.exec_create(web, ["busybox", "touch", "/site/new"])["Id"]
    api.exec_start(started)
    kinds = {finding["kind"] for finding in drift(engine_fixture, "--exit-code", code=3)}
    assert "file-added" in kinds
    api.update_container(web, cpu_shares=77)
    found = drift(engine_fixture, "main", "--exit-code", code=3)
    assert {"cpu_shares"} <= {finding["kind"] for finding in found}
    (environment,) = engine_fixture.environments()
    assert environment["tainted"]
    assert engine_fixture.run("history").count("taint") >= 1
    engine_fixture.run("replace", "main", "--yes")
    assert drift(engine_fixture, "--exit-code") == []
    (environment,) = engine_fixture.environments()
    assert not environment["tainted"]


def test_touches_are_told_as_they_happen(engine_fixture: EngineFixture) -> None:
    made = engine_fixture.up("main")
    web = f"{made['environment']}-g1-web-1"
    following = engine_fixture.start("drift", "--follow", "-o", "json", "main")
    assert following.stdout is not None
    events: list[str] = []
    found = threading.Event()

    def read() -> None:
        for line in following.stdout or ():
            events.append(json.loads(line)["kind"])
            if "command-run" in events:
                found.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    api = engine_fixture.connection.api
    try:
        for _attempt in range(20):  # it may not listen yet
            api.exec_start(api.exec_create(web, ["busybox", "true"])["Id"])
            if found.wait(1):
                break
    finally:
        following.terminate()
        code = following.wait(20)
    assert found.is_set(), events
    assert code == ExitCode.INTERRUPTED
    assert engine_fixture.environments()[0]["tainted"]


def test_a_debug_copy_touches_nothing_and_leaves_nothing(engine_fixture: EngineFixture) -> None:
    made = engine_fixture.up("main")
    web = f"{made['environment']}-g1-web-1"
    before = engine_fixture.remains()
    inside = (
        "echo mine > /data/mine && cat /greeting /site/motd.txt && busybox wget -qO- http://web:8080/"
        " && echo $PREVIEWER_ENVIRONMENT && exit 7"
    )
    printed = engine_fixture.run("debug", "main", "web", "--", "busybox", "sh", "-c", inside, code=7)
    assert printed == f"hello\nmotd of main\npage of main\n{made['environment']}\n"
    assert engine_fixture.remains() == before
    answer = engine_fixture.connection.api.get_archive(web, "/data")[0]
    assert b"mine" not in b"".join(answer)
    assert {finding["kind"] for finding in drift(engine_fixture)} <= {"copied-out"}, "the test itself copied out"


def test_what_is_typed_reaches_the_copy(engine_fixture: EngineFixture) -> None:
    engine_fixture.up("main")
    command = [sys.executable, "-m", "previewer", "--repo", str(engine_fixture.repository.path)]
    done = subprocess.run(
        [*command, "--host", engine_fixture.connection.host, "debug", "main", "web", "--", "sh"],
        input="echo $((6 * 7))\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("42\n", 0), "the input ended, and so did the shell"


def test_a_declaration_can_be_made_of_what_was_written(engine_fixture: EngineFixture) -> None:
    writing = "services:\n  app:\n    image: previewer-test/base:1\n    command: [sh, -c, '{}']\n"
    script = "mkdir -p /var/lib/app/x && date > /var/lib/app/x/y && date > /tmp/z && sleep 1000"
    engine_fixture.repository.commit({"compose.yaml": writing.format(script)}, subject="writes")
    engine_fixture.up("main")
    suggested = engine_fixture.run("suggest-writable", "main")
    assert suggested == ("x-previewer:\n  immutability: enforce\n  writable:\n    app: [/tmp, /var/lib]\n")
    (found,) = json.loads(engine_fixture.run("drift", "-o", "json"))
    assert {f["kind"] for f in found["expected"]} >= {"noise"}
    # It had written before it was up, as every run will, or only after that; what was learnt was read by us.
    usual = {"file-added", "written-at-start", "noise", "copied-out"}
    assert {f["kind"] for f in (*found["findings"], *found["expected"])} <= usual
    engine_fixture.repository.commit({"compose.yaml": suggested + writing.format(script)}, subject="declared")
    engine_fixture.up("main")
    assert drift(engine_fixture) == []
    assert engine_fixture.run("suggest-writable", "main") == "x-previewer:\n  immutability: enforce\n"
