"""What dies a moment after its start fails `up`, and what lives does not wait for it."""

from __future__ import annotations

import json

import pytest

from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

DEFINITION = """
x-previewer: {{settle: 6s}}
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, {script}]
    {more}
"""
PORTS = 'ports: ["8080"]'
SERVE = "busybox httpd -p 8080 -h /"
REFUSED = "busybox nc 127.0.0.1 5432 </dev/null"
"""A database that is not there."""


@pytest.mark.parametrize(
    ("script", "more", "reason"),
    [
        ("busybox sleep 3; exit 1", "", "exit code 1"),
        ("busybox sleep 3; exit 1", "restart: always", "keeps ending with exit code 1"),
        ("busybox sleep 2", "", "nothing of it runs any more"),
        ("busybox sleep 1; exit 1", PORTS, "exit code 1"),
        (f"{SERVE}; {REFUSED}; busybox sleep 3; exit 1", PORTS, "exit code 1"),
        (f"{SERVE}; {REFUSED}; busybox sleep 3", PORTS, "exit code 0, and port 8080 with it"),
    ],
)
def test_up_fails_on_what_dies_a_moment_later(
    engine_fixture: EngineFixture, script: str, more: str, reason: str
) -> None:
    definition = DEFINITION.format(script=json.dumps(script), more=more)
    engine_fixture.repository.commit({"compose.yaml": definition})
    process = engine_fixture.start("up", "main")
    _printed, reported = process.communicate()
    assert process.returncode == 4, reported
    assert reason in reported
    assert engine_fixture.remains() == []


def test_a_server_that_was_refused_nothing_is_ready_at_once(engine_fixture: EngineFixture) -> None:
    """Were it to settle, the limit would end it."""
    definition = DEFINITION.format(script=json.dumps(f"{SERVE} -f"), more=PORTS)
    engine_fixture.repository.commit({"compose.yaml": definition.replace("6s", "59s")})
    found = engine_fixture.up("main", "--timeout", "50")
    assert fetch(f"{found['url']}/etc/hostname")


def test_a_successor_that_dies_does_not_take_over(engine_fixture: EngineFixture) -> None:
    definition = DEFINITION.format(script=json.dumps(f"{SERVE} -f"), more=PORTS)
    engine_fixture.repository.commit({"compose.yaml": definition})
    url = engine_fixture.up("main")["url"]
    dying = DEFINITION.format(script=json.dumps(f"{SERVE}; {REFUSED}; busybox sleep 3; exit 1"), more=PORTS)
    engine_fixture.repository.commit({"compose.yaml": dying})
    engine_fixture.run("up", "main", code=4)
    assert fetch(f"{url}/etc/hostname")
