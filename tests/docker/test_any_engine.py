"""A life from `up` to `down` on whatever engine ``DOCKER_HOST`` names, and nothing left of it there."""

from __future__ import annotations

import json

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.domain import labels
from previewer.engine.docker.engine import DockerEngine
from previewer.engine.protocol import HOST_BINDING
from tests.worlds.docker import COMPOSE, DOCKERFILE, EngineFixture, fetch

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ANONYMOUS = "VOLUME /cache\n"
"""A line of a Dockerfile: the engine makes such a volume by itself, without a label."""
SICK = COMPOSE.replace("/site/index.html]", "/no/such/file]").replace("retries: 20", "retries: 2")


def change(engine_fixture: EngineFixture, page: str, **files: str) -> None:
    """A new commit on main."""
    engine_fixture.repository.commit({"web/index.html": f"{page}\n", **files}, subject=page)


def volumes_in_use(engine_fixture: EngineFixture) -> set[str]:
    """The names of the volumes that the environment's containers have, those without a label too."""
    api, filters = (
        engine_fixture.connection.api,
        {"label": [f"{labels.INSTALLATION}={engine_fixture.installation}"]},
    )
    mounts = (
        mount
        for listed in api.containers(all=True, filters=filters)
        for mount in api.inspect_container(listed["Id"])["Mounts"]
    )
    return {mount["Name"] for mount in mounts if mount["Type"] == "volume"}


def all_volumes(engine_fixture: EngineFixture) -> set[str]:
    return {volume["Name"] for volume in engine_fixture.connection.api.volumes()["Volumes"] or ()}


def test_a_life_from_up_to_down(engine_fixture: EngineFixture) -> None:
    change(engine_fixture, "first", **{"web/Dockerfile": DOCKERFILE + ANONYMOUS})
    first = engine_fixture.up("main")
    assert (first["state"], fetch(first["url"])) == ("healthy", "first\n")
    used = volumes_in_use(engine_fixture)
    assert used - {thing.removeprefix("volume ") for thing in engine_fixture.remains()}, (
        "no anonymous volume to lose"
    )

    change(engine_fixture, "second")
    second = engine_fixture.up("main")
    assert (second["generation"], fetch(second["url"])) == (2, "second\n")
    assert all("-g2" in thing for thing in engine_fixture.remains())
    if HOST_BINDING not in DockerEngine(engine_fixture.connection).capabilities.missing:
        assert second["url"] == first["url"]

    change(engine_fixture, "sick", **{"compose.yaml": SICK})
    engine_fixture.run("up", "main", code=ExitCode.UNHEALTHY)
    assert fetch(second["url"]) == "second\n"

    engine_fixture.run("sleep", "main")
    assert [environment["state"] for environment in engine_fixture.environments()] == ["asleep"]
    woken = json.loads(engine_fixture.run("wake", "main", "-o", "json"))
    assert (woken["state"], fetch(woken["url"])) == ("healthy", "second\n")

    used |= volumes_in_use(engine_fixture)
    engine_fixture.run("down", "main")
    assert engine_fixture.remains() == []
    assert used & all_volumes(engine_fixture) == set()
    assert engine_fixture.environments() == []
