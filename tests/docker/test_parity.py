"""Staging and production of one release on a real engine: only what is declared differs, and the rest is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

SERVICES = """
services:
  web:
    image: previewer-test/base:1
    command: [busybox, sh, -c, "mkdir /www; echo {page} > /www/index.html; exec busybox httpd -f -p 8080 -h /www"]
    environment: {{MODE: {mode}, DB_PASSWORD: {password}}}
    ports: ["8080"]
    stop_grace_period: 0s
    healthcheck: {{test: [CMD, busybox, test, -f, /www/index.html], interval: 100ms, retries: 50}}
x-previewer:
  role: {role}
  parity:
    allow:
      - {{path: services.web.environment.MODE, reason: they are told what they are}}
    probe: {{requests: [/, /nothing], slower: 1000}}
"""
PASSWORD = "correct-horse-battery"


def definition(role: str, *, page: str = "same", password: str = PASSWORD) -> str:
    return SERVICES.format(role=role, mode=role, page=page, password=password)


@pytest.fixture
def engine_fixture(
    tmp_path: Any, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    del base_image
    engine_fixture = EngineFixture(tmp_path / "site", docker_connection)
    engine_fixture.repository.commit(
        {"envs/staging.yaml": definition("staging"), "envs/production.yaml": definition("production")}
    )
    yield engine_fixture
    engine_fixture.run("down", "staging", "production", "--yes")
    assert engine_fixture.remains() == []


def parity(engine_fixture: EngineFixture, *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        engine_fixture.run("parity", *arguments, "-o", "json", "--exit-code", code=code)
    )
    return found


def test_one_release_has_full_parity_and_each_undeclared_change_is_named(engine_fixture: EngineFixture) -> None:
    for role in ("staging", "production"):
        engine_fixture.run("up", "main", "--role", role)
    same = parity(engine_fixture, "--probe")
    assert (same["score"], same["undeclared"], same["declared"], same["stale"]) == (100, 0, 1, [])
    assert [probe["what"] for probe in same["probes"]] == [None, None]

    other = definition("production", page="other", password="another-horse")
    engine_fixture.repository.commit({"envs/production.yaml": other})
    engine_fixture.run("up", "main", "--role", "production", "--yes")
    found = parity(engine_fixture, "--probe", code=3)
    paths = {difference["path"] for difference in found["differences"] if not difference["declared"]}
    assert paths == {"services.web.command", "services.web.environment.DB_PASSWORD", "commit"}
    assert [(p["request"], p["what"], p["left"], p["right"]) for p in found["probes"] if p["what"]] == [
        ("GET /", "header content-length", "5", "6"),
        ("GET /", "body", "same", "other"),
    ]
    for form in ("table", "json", "yaml", "markdown", "junit"):
        printed = engine_fixture.run("parity", "--probe", "-o", form)
        assert "DB_PASSWORD" in printed
        assert PASSWORD not in printed
        assert "another-horse" not in printed
