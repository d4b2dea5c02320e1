"""What tests through the whole command line have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.domain.compose.definition import Role
from tests.docker.base_image import BaseImage
from tests.docker.swarm import Cluster
from tests.docker.swarm_site import SwarmSite, documented_cluster
from tests.worlds.docker import EngineFixture
from tests.worlds.routed import NamedSite, loaded_web_image, why_no_router


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    """A site of the test's own; nothing of it is left on the engine."""
    del base_image
    found = EngineFixture(tmp_path / "site", docker_connection)
    yield found
    found.clean_up()


@pytest.fixture
def named(engine_fixture: EngineFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[NamedSite]:
    """Its router has a name and a port that no other test has."""
    if reason := why_no_router(engine_fixture.connection):
        pytest.skip(reason)
    found = NamedSite(engine_fixture)
    for name, value in found.settings.items():
        monkeypatch.setenv(name, value)
    yield found
    found.remove()


@pytest.fixture(scope="module")
def web_image(docker_connection: DockerConnection) -> Iterator[str]:
    """An image with Python."""
    with loaded_web_image(docker_connection) as name:
        yield name


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes that are a swarm."""
    with documented_cluster() as found:
        yield found


@pytest.fixture
def swarm_site(cluster: Cluster, tmp_path: Path) -> Iterator[SwarmSite]:
    """A site on the swarm; nothing of it is left on any node."""
    found = SwarmSite(tmp_path / "site", cluster)
    yield found
    found.run("down", "--all", *(f"--role={role.value}" for role in Role), "--yes")
    found.assert_nothing_left()
