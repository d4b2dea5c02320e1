"""A secret's value is nowhere in what previewer shows or keeps, whatever program writes it: every door is tried.

The values come from a variable, a variable whose name says nothing, a secret file's variable, a committed password
and a URL. Builds, services and health checks write all of them.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]

VALUES = {"DB_PASSWORD": "pw-0uter", "LICENCE": "licence-0uter-value", "SIGNING": "s1gn"}
"""Of the user's variables; the short one is secret because a secret is made of it."""
COMMITTED, IN_URL = "c0mmitted-pw", "url-pw-0"
SECRETS = (*VALUES.values(), COMMITTED, IN_URL)
SAY = "echo $DB_PASSWORD $LICENCE $API_TOKEN $DSN $(busybox cat /run/secrets/signing)"
COMPOSE = f"""
x-said: &said
  DB_PASSWORD: ${{DB_PASSWORD}}
  LICENCE: ${{LICENCE}}
  API_TOKEN: {COMMITTED}
  DSN: postgres://shop:{IN_URL}@db/shop
services:
  web:
    build: {{context: web, args: {{DB_PASSWORD: "${{DB_PASSWORD}}", LICENCE: "${{LICENCE}}"}}}}
    environment: *said
    secrets: [signing]
    command: [busybox, sh, -c, "while :; do {SAY.replace("$", "$$")}; busybox sleep 0.2; done"]
    healthcheck:
      test: [CMD-SHELL, "{SAY.replace("$", "$$")}; busybox test ! -e /data/broken"]
      interval: 200ms
      retries: 2
    volumes: ["data:/data"]
    stop_grace_period: 0s
secrets: {{signing: {{environment: SIGNING}}}}
volumes: {{data: {{}}}}
"""
DOCKERFILE = """FROM previewer-test/base:1
ARG DB_PASSWORD
ARG LICENCE
RUN busybox echo built with $DB_PASSWORD and $LICENCE {}
"""


@pytest.fixture
def site(engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch) -> EngineFixture:
    names = json.dumps(list(VALUES))
    files = {"compose.yaml": COMPOSE, "web/Dockerfile": DOCKERFILE.format("")}
    engine_fixture.repository.commit({**files, "previewer.toml": f"variables = {names}\n"})
    engine_fixture.repository.git("checkout", "--quiet", "-b", "broken")
    engine_fixture.repository.commit({"web/Dockerfile": DOCKERFILE.format("&& busybox false")})
    engine_fixture.repository.git("checkout", "--quiet", "main")
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    return engine_fixture


def said(site: EngineFixture, *arguments: str, code: int = 0) -> str:
    """All that a command says; no secret is in it."""
    process = site.start(*arguments)
    printed, reported = process.communicate(timeout=90)
    assert process.returncode == code, reported
    hold_clean(" ".join(arguments), printed + reported)
    return printed + reported


def hold_clean(door: str, text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == [], f"{door} says a secret:\n{text}"


def kept_files(*folders: Path) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("utf-8", "replace")


def test_no_door_lets_a_secret_out(site: EngineFixture, tmp_path: Path) -> None:
    plain = ("--progress", "plain")
    assert "built with *** and ***" in said(site, "freeze", "main", *plain)
    assert "***" in said(site, "freeze", "broken", *plain, code=1)
    said(site, "verify", "main", "--rebuild", *plain)
    said(site, "up", "main", "--name", "it", *plain)
    assert "*** *** *** postgres://shop:***@db/shop ***" in said(site, "logs", "it", "-n", "3")
    follow(site)
    assert said(site, "debug", "it", "web", "--", "sh", "-c", SAY).count("***") >= len(SECRETS)
    unmasked = site.run("debug", "it", "web", "--unmasked", "--", "sh", "-c", SAY)
    assert all(secret in unmasked for secret in SECRETS)
    assert "DB_PASSWORD: '***'" in said_of_config(site)
    assert VALUES["DB_PASSWORD"] in site.run("config", "main", "--unmasked")
    break_health(site)
    for command in (("status", "it"), ("drift", "it"), ("sleep", "it"), ("inspect", "main"), ("history",)):
        said(site, *command, "-o", "json")
    failed = said(site, "wake", "it", *plain, code=4)
    assert "health check: " in failed
    assert "log: *** ***" in failed
    said(site, "down", "it", *plain)
    assert "***" in said(site, "logs", "--gone", "it")
    evidence = tmp_path / "evidence"
    said(site, "run", "main", "--evidence", str(evidence), "--", "false", code=1)
    kept = dict(kept_files(evidence))
    assert kept
    for archive in evidence.rglob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(tmp_path / "unpacked", filter="data")
    for name, text in (*kept.items(), *kept_files(tmp_path / "unpacked")):
        hold_clean(name, text)


def said_of_config(site: EngineFixture) -> str:
    """It prints what is committed as it is."""
    printed = site.run("config", "main")
    assert [value for value in (VALUES["DB_PASSWORD"], VALUES["SIGNING"]) if value in printed] == []
    return printed


def follow(site: EngineFixture) -> None:
    process = site.start("logs", "it", "-f", "-n", "1")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    process.terminate()
    process.communicate(timeout=30)
    assert all("***" in line for line in lines)
    hold_clean("logs -f", "".join(lines))


def break_health(site: EngineFixture) -> None:
    """Let the health check fail from now on."""
    api = site.connection.api
    container = site.inspect("web")["Id"]
    api.exec_start(api.exec_create(container, ["busybox", "touch", "/data/broken"])["Id"])
