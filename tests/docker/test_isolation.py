"""What an environment can reach and use, tried from within its containers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.domain import labels
from tests.worlds.docker import EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

NET_RAW = 1 << 13
"""The capability's bit (Linux, capabilities(7))."""
COMPOSE = """
x-previewer: {{egress: {egress}}}
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo web > /page && exec busybox httpd -f -p 8080"]
    ports: ["8080"]
    networks: [front, back]
    healthcheck: {{test: [CMD, busybox, test, -f, /page], interval: 100ms}}
  db:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "echo db > /page && exec busybox httpd -f -p 8080"]
    networks: [back]
    healthcheck: {{test: [CMD, busybox, test, -f, /page], interval: 100ms}}
networks: {{front: {{}}, back: {{}}}}
"""
ENDING = """
services:
  web:
    image: previewer-test/base:1
    command: {command}
    {more}
x-previewer: {{settle: 30s}}
"""
FORKS = "i=0; while [ $$i -lt 60 ]; do sleep 30 & i=$$((i+1)); done; exit 1"
EATS = "busybox tail -c 200m /dev/zero > /dev/null"


CROWD = """
services:
  web: {image: previewer-test/base:1, command: [busybox, sleep, "600"], scale: 9, stop_grace_period: 0s}
"""


@pytest.fixture
def outside(docker_connection: DockerConnection) -> Iterator[str]:
    """``ADDRESS PORT`` of a server that containers reach only through their network's gateway."""
    if not docker_connection.is_local:
        pytest.skip("the engine is on another machine")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent; it only says which address is used
        except OSError:
            pytest.skip("this machine has no way out itself")
        address = probe.getsockname()[0]
    server = HTTPServer((address, 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"{address} {server.server_port}"
    server.shutdown()
    server.server_close()


def reaches(engine_fixture: EngineFixture, service: str, place: str) -> bool:
    """Whether a service gets an answer from ``HOST PORT``."""
    return (
        _run(
            engine_fixture,
            service,
            f"printf 'GET /page HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 {place} | grep -q HTTP",
        )
        == 0
    )


@pytest.mark.parametrize("egress", ["true", "false"])
def test_no_egress_means_that_only_the_environment_is_reached(
    engine_fixture: EngineFixture, outside: str, egress: str
) -> None:
    engine_fixture.repository.commit({"compose.yaml": COMPOSE.format(egress=egress)})
    url = engine_fixture.up("main")["url"]
    assert fetch(f"{url}/page") == "web\n"
    assert reaches(engine_fixture, "web", "db 8080")
    assert reaches(engine_fixture, "db", "web 8080")
    is_open = egress == "true"
    assert reaches(engine_fixture, "web", outside) is is_open
    if not is_open:
        bits = _run(
            engine_fixture, "web", f"test $((0x$(sed -n 's/^CapEff:\\s*//p' /proc/self/status) & {NET_RAW})) -eq 0"
        )
        assert bits == 0


def test_a_replacement_has_no_way_out_either(engine_fixture: EngineFixture, outside: str) -> None:
    """It takes its predecessor's ports over through a network more."""
    engine_fixture.repository.commit({"compose.yaml": COMPOSE.format(egress="false")})
    before = engine_fixture.up("main")["url"]
    engine_fixture.repository.commit({"etc/motd": "changed\n"})
    after = engine_fixture.up("main")
    assert fetch(f"{after['url']}/page") == "web\n"
    assert after["generation"] == 2
    assert before
    assert not reaches(engine_fixture, "web", outside)
    assert not reaches(engine_fixture, "db", outside)


@pytest.mark.parametrize(
    ("command", "more", "sentences"),
    [
        ('[busybox, sh, -c, "echo no luck; sleep 0.2; exit 3"]', "", ("exit code 3", "no luck")),
        (
            f'[sh, -c, "{EATS}"]',
            "mem_limit: 16m",
            ("out of memory", "16 MiB", "hint: give the service more memory"),
        ),
        (f'[sh, -c, "{FORKS}"]', "pids_limit: 20", ("no more processes", "pids_limit")),
        ("[nothing-of-that-name]", "", ("nothing-of-that-name", "hint: ")),
        ('[sh, -c, "exit 139"]', "", ("139", "SIGSEGV")),
        ('[sh, -c, "exit 3"]', "restart: on-failure", ("exit code 3", "restarted")),
    ],
    ids=["ends", "memory", "processes", "command", "crash", "restarts"],
)
def test_a_service_that_ends_is_diagnosed(
    engine_fixture: EngineFixture, command: str, more: str, sentences: tuple[str, ...]
) -> None:
    engine_fixture.repository.commit({"compose.yaml": ENDING.format(command=command, more=more)})
    process = engine_fixture.start("up", "main", "--timeout", "30")
    _printed, events = process.communicate(timeout=60)
    assert process.returncode in (1, 4), events
    assert [sentence for sentence in sentences if sentence not in events] == [], events
    assert engine_fixture.remains() == []


def _run(engine_fixture: EngineFixture, service: str, script: str) -> int:
    api = engine_fixture.connection.api
    filters = {"label": [f"dev.previewer.installation={engine_fixture.installation}"], "name": f"-{service}-1"}
    (container,) = api.containers(filters=filters)
    started = api.exec_create(container["Id"], ["busybox", "sh", "-c", script])
    api.exec_start(started["Id"])
    code: int = api.exec_inspect(started["Id"])["ExitCode"]
    return code


def test_a_network_has_room_for_all_who_join_it(
    engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More containers than an ordinary subnet has addresses: here five."""
    monkeypatch.setenv("PREVIEWER_SUBNET_PREFIX", "29")
    engine_fixture.repository.commit({"compose.yaml": CROWD})
    assert engine_fixture.up("main")["state"] == "running"
    listed = engine_fixture.connection.api.containers(
        filters={"label": f"{labels.INSTALLATION}={engine_fixture.installation}"}
    )
    assert len(listed) == 9
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []
