"""One generation in the place of another, under a constant load of requests, on a real engine."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.domain import labels
from tests.docker.load import Load
from tests.worlds.docker import COMPOSE, TIMEOUT, Site, fetch

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("base_image")]


def change(site: Site, page: str, **files: str) -> None:
    """A new commit on main."""
    site.repository.commit({"web/index.html": f"{page}\n", **files}, subject=page)


def test_a_successor_has_the_same_url_and_is_healthy_before_its_predecessor_is_stopped(site: Site) -> None:
    before = after = site.up("main")
    for page in ("second", "third"):
        change(site, page)
        with Load(before["url"]) as load:
            process = site.start("up", "main", "--progress", "json", "-o", "json")
            printed, told = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, told
        after = json.loads(printed)
        assert after["url"] == before["url"]
        assert load.texts == [page_before(page), f"{page}\n"]  # never back to the old one
        assert after["gap_seconds"] is not None
        moments = [
            moment(told, "finished", "await health", "-web-1"),
            moment(told, "started", "stop container", "-web-1"),
            moment(told, "finished", "take over ports", "-web-1"),
            moment(told, "started", "remove container", "-web-1"),
        ]
        assert moments == sorted(moments)
    assert after["generation"] == 3
    container = site.inspect("web")
    assert container["State"]["Health"]["Status"] == "healthy"
    site.run("down", "main")
    assert site.remains() == []


def page_before(page: str) -> str:
    return {"second": "page of main\n", "third": "second\n"}[page]


def moment(told: str, event: str, *words: str) -> int:
    """Which line of the progress it is that tells of the first such event."""
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    return next(
        number
        for number, line in enumerate(lines)
        if line["event"] == event and all(word in line["task"] for word in words)
    )


def test_a_successor_that_never_is_healthy_costs_nobody_an_answer(site: Site) -> None:
    before = site.up("main")
    sick = COMPOSE.replace("/site/index.html]", "/no/such/file]").replace("retries: 20", "retries: 2")
    change(site, "sick", **{"compose.yaml": sick})
    with Load(before["url"]) as load:
        site.run("up", "main", code=ExitCode.UNHEALTHY)
    assert load.errors == 0
    assert load.texts == ["page of main\n"]
    assert [environment["generation"] for environment in site.environments()] == [1]


@pytest.mark.slow
def test_a_restarted_successor_keeps_its_address(site: Site) -> None:
    url = site.up("main")["url"]
    change(site, "second")
    site.up("main")
    site.connection.api.restart(site.inspect("web")["Id"], timeout=0)
    assert fetch(url) == "second\n"
    assert json.loads(site.run("ls", "-o", "json"))[0]["url"] == url


def test_a_rollback_starts_what_was_kept(site: Site) -> None:
    staged(site)
    first = site.up("main", "--role", "staging")
    change(site, "second")
    site.up("main", "--role", "staging", "--yes")
    assert fetch(first["url"]) == "second\n"
    back: dict[str, Any] = json.loads(site.run("rollback", "staging", "--yes", "-o", "json"))
    assert (back["url"], back["release"], back["generation"]) == (first["url"], first["release"], 1)
    assert fetch(first["url"]) == "page of main\n"
    assert {environment["generation"] for environment in site.environments()} == {1}
    site.run("down", "staging", "--yes")
    assert site.remains() == []


def test_the_very_same_images_are_promoted(site: Site) -> None:
    staged(site)
    site.up("main", "--role", "staging")
    images = {service: site.inspect(service)["Image"] for service in ("web",)}
    promoted: dict[str, Any] = json.loads(site.run("promote", "staging", "--to", "production", "-o", "json"))
    assert promoted["role"] == "production"
    labelled = f"{labels.ENVIRONMENT}={promoted['environment']}"
    (web,) = site.connection.api.containers(filters={"label": [labelled, f"{labels.SERVICE}=web"]})
    assert web["ImageID"] == images["web"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["stop container", "take over ports of", "remove network"])
def test_killed_while_it_takes_over(site: Site, moment: str) -> None:
    """The next command, of whatever kind, finds one generation that serves and says what it did."""
    url = site.up("main")["url"]
    change(site, "second")
    process = site.start("up", "main", "--progress", "plain")
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            process.kill()
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    change(site, "third")
    site.run("up", "main")
    assert fetch(url) == "third\n"
    (environment,) = site.environments()
    assert environment["state"] == "healthy"
    assert all(f"{environment['environment']}-g{environment['generation']}" in name for name in site.remains())


def staged(site: Site) -> None:
    """Give the site a staging and a production."""
    definition = "include: [../compose.yaml]\n"
    roles = ("preview", "staging", "production")
    site.repository.commit({f"envs/{role}.yaml": definition for role in roles}, subject="three roles")
