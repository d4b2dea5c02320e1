"""One generation in the place of another, under a constant load of requests, on a real engine."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.domain import labels
from tests.docker.load import Load
from tests.worlds.docker import COMPOSE, TIMEOUT, EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def change(engine_fixture: EngineFixture, page: str, **files: str) -> None:
    """A new commit on main."""
    engine_fixture.repository.commit({"web/index.html": f"{page}\n", **files}, subject=page)


def test_a_successor_has_the_same_url_and_is_healthy_before_its_predecessor_is_stopped(
    engine_fixture: EngineFixture,
) -> None:
    before = after = engine_fixture.up("main")
    for page in ("second", "third"):
        change(engine_fixture, page)
        with Load(before["url"]) as load:
            process = engine_fixture.start("up", "main", "--progress", "json", "-o", "json")
            printed, events = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, events
        after = json.loads(printed)
        assert after["url"] == before["url"]
        assert load.texts == [page_before(page), f"{page}\n"]  # never back to the old one
        assert after["gap_seconds"] is not None
        timestamps = [
            timestamp(events, "finished", "await health", "-web-1"),
            timestamp(events, "started", "stop container", "-web-1"),
            timestamp(events, "finished", "take over ports", "-web-1"),
            timestamp(events, "started", "remove container", "-web-1"),
        ]
        assert timestamps == sorted(timestamps)
    assert after["generation"] == 3
    container = engine_fixture.inspect("web")
    assert container["State"]["Health"]["Status"] == "healthy"
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []


def page_before(page: str) -> str:
    return {"second": "page of main\n", "third": "second\n"}[page]


def timestamp(events: str, event: str, *words: str) -> int:
    """Which line of the progress it is that tells of the first such event."""
    lines = [json.loads(line) for line in events.splitlines() if line.startswith("{")]
    return next(
        number
        for number, line in enumerate(lines)
        if line["event"] == event and all(word in line["task"] for word in words)
    )


def test_a_successor_that_never_is_healthy_costs_no_answer(engine_fixture: EngineFixture) -> None:
    before = engine_fixture.up("main")
    sick = COMPOSE.replace("/site/index.html]", "/no/such/file]").replace("retries: 20", "retries: 2")
    change(engine_fixture, "sick", **{"compose.yaml": sick})
    with Load(before["url"]) as load:
        engine_fixture.run("up", "main", code=ExitCode.UNHEALTHY)
    assert load.errors == 0
    assert load.texts == ["page of main\n"]
    assert [environment["generation"] for environment in engine_fixture.environments()] == [1]


@pytest.mark.slow
def test_a_restarted_successor_keeps_its_address(engine_fixture: EngineFixture) -> None:
    url = engine_fixture.up("main")["url"]
    change(engine_fixture, "second")
    engine_fixture.up("main")
    engine_fixture.connection.api.restart(engine_fixture.inspect("web")["Id"], timeout=0)
    assert fetch(url) == "second\n"
    assert json.loads(engine_fixture.run("ls", "-o", "json"))[0]["url"] == url


def test_a_rollback_starts_what_was_kept(engine_fixture: EngineFixture) -> None:
    staged(engine_fixture)
    first = engine_fixture.up("main", "--role", "staging")
    change(engine_fixture, "second")
    engine_fixture.up("main", "--role", "staging", "--yes")
    assert fetch(first["url"]) == "second\n"
    back: dict[str, Any] = json.loads(engine_fixture.run("rollback", "staging", "--yes", "-o", "json"))
    assert (back["url"], back["release"], back["generation"]) == (first["url"], first["release"], 1)
    assert fetch(first["url"]) == "page of main\n"
    assert {environment["generation"] for environment in engine_fixture.environments()} == {1}
    engine_fixture.run("down", "staging", "--yes")
    assert engine_fixture.remains() == []


def test_the_very_same_images_are_promoted(engine_fixture: EngineFixture) -> None:
    staged(engine_fixture)
    engine_fixture.up("main", "--role", "staging")
    images = {service: engine_fixture.inspect(service)["Image"] for service in ("web",)}
    promoted: dict[str, Any] = json.loads(
        engine_fixture.run("promote", "staging", "--to", "production", "-o", "json")
    )
    assert promoted["role"] == "production"
    labelled = f"{labels.ENVIRONMENT}={promoted['environment']}"
    (web,) = engine_fixture.connection.api.containers(filters={"label": [labelled, f"{labels.SERVICE}=web"]})
    assert web["ImageID"] == images["web"]


@pytest.mark.slow
@pytest.mark.parametrize("timestamp", ["stop container", "take over ports of", "remove network"])
def test_killed_while_it_takes_over(engine_fixture: EngineFixture, timestamp: str) -> None:
    """The next command, of whatever kind, finds one generation that serves and says what it did."""
    url = engine_fixture.up("main")["url"]
    change(engine_fixture, "second")
    process = engine_fixture.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if timestamp in line:
            process.kill()
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    change(engine_fixture, "third")
    engine_fixture.run("up", "main")
    assert fetch(url) == "third\n"
    (environment,) = engine_fixture.environments()
    assert environment["state"] == "healthy"
    assert all(
        f"{environment['environment']}-g{environment['generation']}" in name for name in engine_fixture.remains()
    )


def staged(engine_fixture: EngineFixture) -> None:
    """Give the site a staging and a production."""
    definition = "include: [../compose.yaml]\n"
    roles = ("preview", "staging", "production")
    engine_fixture.repository.commit({f"envs/{role}.yaml": definition for role in roles}, subject="three roles")
