"""A fork bomb, a memory bomb and a log bomb beside a web server: limits hold, and are told as what they are."""

from __future__ import annotations

import json

import pytest

from tests.eventually import eventually
from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

COMPOSE = """
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo well > /page && exec busybox httpd -f -p 8080"]
    ports: ["8080"]
  fork:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "bomb() { bomb | bomb & }; busybox sleep 1; bomb; exec busybox sleep 600"]
    pids_limit: 32
  memory:
    image: previewer-test/base:1
    mem_limit: 16m
    command: [busybox, sh, -c, "busybox sleep 3; busybox dd if=/dev/zero of=/dev/null bs=200M; busybox true"]
  log:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "busybox yes log | busybox head -n 200000; exec busybox sleep 600"]
"""


def test_bombs_hurt_no_neighbour(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": COMPOSE})
    url = engine_fixture.up("main")["url"]
    limits = {
        name: engine_fixture.inspect(name, ended_too=True)["HostConfig"] for name in ("fork", "memory", "log")
    }
    assert limits["fork"]["PidsLimit"] == 32
    assert limits["memory"]["Memory"] == 16 * 1024 * 1024
    assert limits["log"]["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
    eventually(lambda: "out-of-memory" in findings(engine_fixture), what="drift names the memory bomb")
    assert fetch(f"{url}/page") == "well\n"
    assert engine_fixture.run("logs", "main", "log", "-n", "1").endswith("log\n")
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def findings(engine_fixture: EngineFixture) -> list[str]:
    (drift,) = json.loads(engine_fixture.run("drift", "main", "-o", "json"))
    return [finding["kind"] for finding in drift["findings"]]
