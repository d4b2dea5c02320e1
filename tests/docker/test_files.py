"""What definitions ask for, looked at from inside the containers that run: files, modes, owners, ports, URLs."""

from __future__ import annotations

import json

import pytest

from tests.free_port import free_port
from tests.worlds.docker import EngineFixture, fetch
from tests.worlds.inside import run_inside

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

ENFORCED = """
name: site
x-previewer:
  immutability: enforce
  writable: {web: [/var/cache/app]}
services:
  web:
    image: previewer-test/base:1
    user: "1000:1000"
    command: [busybox, sleep, "60"]
    volumes: ["./etc/motd:/site/motd.txt:ro", "data:/data"]
    configs:
      - greeting
      - {source: written, target: /site/deep/written, uid: "1000", mode: 0400}
      - {source: named, target: /site/named}
    secrets: [{source: key, uid: "1000", gid: "1000", mode: 0440}]
  db:
    image: previewer-test/base:1
    command: [busybox, sleep, "60"]
    volumes: [".:/all"]
    secrets: [{source: key, target: other, uid: "7", mode: 0400}]
volumes: {data: {}}
configs:
  greeting: {file: ./etc/greeting}
  written: {content: "written in the definition"}
  named: {environment: GREETING}
secrets: {key: {file: ./etc/greeting}}
"""
COVERED = """
name: site
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sleep, "60"]
    tmpfs: [/run]
    secrets: [key]
secrets: {key: {file: ./etc/greeting}}
"""
ROUTED = """
name: site
x-previewer:
  routes: [{service: page, port: 8080, name: front}]
  await_ports: {web: []}
services:
  web: {build: web, ports: ["8080"], command: [busybox, sleep, "60"]}
  page: {build: web, expose: ["8080"], restart: on-failure}
"""
FIXED = """
name: site
services:
  web: {build: web, ports: ["127.0.0.1:PORT:8080", "8080"]}
"""
SETTINGS = 'variables = ["GREETING"]\n'


def test_nothing_writes_where_immutability_is_enforced(
    engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREETING", "from a variable")
    engine_fixture.repository.commit({"compose.yaml": ENFORCED, "previewer.toml": SETTINGS})
    engine_fixture.up("main")
    web, db = container(engine_fixture, "web"), container(engine_fixture, "db")
    for container_id in (web, db):
        assert (
            engine_fixture.connection.api.inspect_container(container_id)["HostConfig"]["ReadonlyRootfs"] is True
        )
    assert "Read-only" in run(engine_fixture, web, "echo x > /tmp/x")
    assert (
        run(engine_fixture, web, "echo x > /var/cache/app/x && echo x > /var/cache/app/y && ls /var/cache/app")
        == "x\ny\n"
    )
    assert run(engine_fixture, web, "cat /site/motd.txt /greeting /site/deep/written; echo; cat /site/named") == (
        "motd of main\nhello\nwritten in the definition\nfrom a variable"
    )
    assert run(engine_fixture, web, "cat /run/secrets/key") == "hello\n"
    assert run(engine_fixture, web, "stat -c '%a %u %g' /run/secrets/key /site/deep/written /site/named") == (
        "440 1000 1000\n400 1000 0\n444 0 0\n"
    )
    assert "Read-only" in run(engine_fixture, db, "echo x > /run/secrets/other")
    assert run(engine_fixture, db, "stat -c '%a %u %g' /run/secrets/other") == "400 7 0\n"
    assert run(engine_fixture, db, "find /all -name 'given*' -o -name '*key*'") == ""
    assert run(engine_fixture, db, "cat /all/etc/motd") == "motd of main\n"
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def test_a_secret_is_there_although_memory_is_mounted_over_its_folder(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": COVERED})
    engine_fixture.up("main")
    assert run(engine_fixture, container(engine_fixture, "web"), "cat /run/secrets/key") == "hello\n"


def test_what_is_served_is_told(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": ENFORCED})
    process = engine_fixture.start("config", "main", "--rewritten", "-o", "json")
    printed, events = process.communicate(timeout=60)
    assert process.returncode == 0
    web = json.loads(printed)["services"]["web"]
    assert (web["read_only"], web["tmpfs"]) == (True, ["/var/cache/app"])
    assert {mount["type"] for mount in web["volumes"]} == {"volume"}
    for told_of in ("read_only added", "tmpfs added", "volumes.0 rewritten", "configs removed", "secrets removed"):
        assert f"services.web.{told_of}: " in events


def test_routes_say_which_url_comes_first(engine_fixture: EngineFixture) -> None:
    engine_fixture.repository.commit({"compose.yaml": ROUTED})
    found = engine_fixture.up("main")
    assert fetch(found["url"]) == "page of main\n"
    assert found["urls"] == {"page": [found["url"]]}
    assert engine_fixture.run("url", "main") == f"{found['url']}\n"
    inside = run(
        engine_fixture,
        container(engine_fixture, "web"),
        "echo $PREVIEWER_URL $PREVIEWER_URL_FRONT $PREVIEWER_URL_PAGE",
    )
    assert inside.split() == [found["url"]] * 3
    assert engine_fixture.run("url", "main", "web").strip() not in ("", found["url"])


def test_a_fixed_host_port_that_is_granted_is_had(engine_fixture: EngineFixture) -> None:
    port = free_port()
    engine_fixture.repository.commit({"compose.yaml": FIXED.replace("PORT", str(port))})
    assert not any(str(port) in url for url in engine_fixture.up("main")["urls"]["web"])
    grant = f'[policy.preview]\nallow = ["host-port:{port}"]\n'
    engine_fixture.repository.commit({"previewer.toml": grant})
    urls = engine_fixture.up("main")["urls"]["web"]
    assert f"http://127.0.0.1:{port}" in urls
    assert [fetch(url) for url in urls] == ["page of main\n"] * 2
    engine_fixture.repository.commit({"web/index.html": "second page\n"})
    assert engine_fixture.up("main")["urls"]["web"] == urls
    assert [fetch(url) for url in urls] == ["second page\n"] * 2


def container(engine_fixture: EngineFixture, service: str) -> str:
    label = [f"dev.previewer.installation={engine_fixture.installation}", f"dev.previewer.service={service}"]
    (found,) = engine_fixture.connection.api.containers(filters={"label": label})
    return str(found["Id"])


def run(engine_fixture: EngineFixture, container: str, command: str) -> str:
    return run_inside(engine_fixture.connection.api, container, "busybox", "sh", "-c", command).decode()
