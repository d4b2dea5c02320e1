"""Looking at many environments costs what looking at one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.docker_api.connection import DockerConnection
from previewer.domain import labels
from previewer.domain.environment.environment import State
from previewer.engine.docker.engine import DockerEngine
from previewer.records.environments import find_environment, list_environments
from previewer.session.session import Session
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.session import MemoryClients, memory_session
from previewer.testing.memory.source import MemorySource
from tests.docker.base_image import BaseImage
from tests.docker.counted_requests import counted_requests
from tests.domain.values import make_ownership
from tests.worlds.docker import EngineFixture

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]

MANY = 150


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    del base_image
    found = EngineFixture(tmp_path / "site", docker_connection)
    yield found
    found.clean_up_objects()


def make_environments(engine_fixture: EngineFixture, base_image: BaseImage, numbers: range) -> None:
    """As bare as can be: a container each that was never started, without a network."""
    for number in numbers:
        name = f"t-{engine_fixture.installation}-{number}"
        owner = replace(
            make_ownership(name, branch=f"branch-{number}"),
            installation=engine_fixture.installation,
            service="web",
        )
        engine_fixture.connection.api.create_container(
            base_image.reference,
            ["busybox", "true"],
            name=f"{name}-web-1",
            labels=labels.ownership_labels(owner),
            host_config=engine_fixture.connection.api.create_host_config(network_mode="none"),
        )


def calls_of(connection: DockerConnection, session: Session, name: str) -> tuple[int, int]:
    """How many requests listing all environments makes, and showing one."""
    with counted_requests(connection) as requests:
        list_environments(session)
        listing = len(requests)
        find_environment(session, name)
    return listing, len(requests) - listing


def test_the_number_of_calls_does_not_grow_and_a_list_takes_under_a_second(
    engine_fixture: EngineFixture, base_image: BaseImage
) -> None:
    source = MemorySource()
    source.installation = engine_fixture.installation
    clients = MemoryClients(DockerEngine(engine_fixture.connection), MemoryImages())
    session = memory_session(source=source, connect=lambda: clients)
    make_environments(engine_fixture, base_image, range(1))
    name = list_environments(session)[0].name
    before = calls_of(engine_fixture.connection, session, name)
    make_environments(engine_fixture, base_image, range(1, MANY))
    assert calls_of(engine_fixture.connection, session, name) == before == (3, 3)
    found = list_environments(session)
    assert len(found) == MANY
    assert {environment.state for environment in found} == {State.STARTING}
