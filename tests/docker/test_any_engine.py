"""A life from `up` to `down` on whatever engine ``DOCKER_HOST`` names, and nothing left of it there."""

from __future__ import annotations

import json

import pytest

from previewer.cli.exit_codes import ExitCode
from previewer.domain import labels
from previewer.engine.docker.engine import DockerEngine
from previewer.engine.protocol import HOST_BINDING
from tests.worlds.docker import COMPOSE, DOCKERFILE, Site, fetch

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ANONYMOUS = "VOLUME /cache\n"
"""A line of a Dockerfile: the engine makes such a volume by itself, without a label."""
SICK = COMPOSE.replace("/site/index.html]", "/no/such/file]").replace("retries: 20", "retries: 2")


def change(site: Site, page: str, **files: str) -> None:
    """A new commit on main."""
    site.repository.commit({"web/index.html": f"{page}\n", **files}, subject=page)


def volumes_in_use(site: Site) -> set[str]:
    """The names of the volumes that the environment's containers have, those without a label too."""
    api, filters = site.connection.api, {"label": [f"{labels.INSTALLATION}={site.installation}"]}
    mounts = (
        mount
        for listed in api.containers(all=True, filters=filters)
        for mount in api.inspect_container(listed["Id"])["Mounts"]
    )
    return {mount["Name"] for mount in mounts if mount["Type"] == "volume"}


def all_volumes(site: Site) -> set[str]:
    return {volume["Name"] for volume in site.connection.api.volumes()["Volumes"] or ()}


def test_a_life_from_up_to_down(site: Site) -> None:
    change(site, "first", **{"web/Dockerfile": DOCKERFILE + ANONYMOUS})
    first = site.up("main")
    assert (first["state"], fetch(first["url"])) == ("healthy", "first\n")
    used = volumes_in_use(site)
    assert used - {thing.removeprefix("volume ") for thing in site.remains()}, "no anonymous volume to lose"

    change(site, "second")
    second = site.up("main")
    assert (second["generation"], fetch(second["url"])) == (2, "second\n")
    assert all("-g2" in thing for thing in site.remains())
    if HOST_BINDING not in DockerEngine(site.connection).capabilities.missing:
        assert second["url"] == first["url"]

    change(site, "sick", **{"compose.yaml": SICK})
    site.run("up", "main", code=ExitCode.UNHEALTHY)
    assert fetch(second["url"]) == "second\n"

    site.run("sleep", "main")
    assert [environment["state"] for environment in site.environments()] == ["asleep"]
    woken = json.loads(site.run("wake", "main", "-o", "json"))
    assert (woken["state"], fetch(woken["url"])) == ("healthy", "second\n")

    used |= volumes_in_use(site)
    site.run("down", "main")
    assert site.remains() == []
    assert used & all_volumes(site) == set()
    assert site.environments() == []
