"""The engines that the contract suite runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from previewer.docker_api.connection import DockerConnection, connect
from previewer.engine.docker.engine import DockerEngine
from previewer.engine.swarm.engine import SwarmEngine
from previewer.testing.memory.engine import MemoryEngine
from tests.docker.base_image import BaseImage, base_image_archive, load_base_image
from tests.docker.remains import remains_of
from tests.docker.swarm import own_engine, start_swarm, swarm_remains_of
from tests.engine.cast import BEHAVIOURS
from tests.worlds.engine import ContractFixture, make_bench

MEMORY_IMAGE = "sha256:" + "0" * 64


@pytest.fixture
def memory_bench(test_session: str) -> ContractFixture:
    engine = MemoryEngine(behaviours=BEHAVIOURS)
    return make_bench(engine, session=test_session, image=MEMORY_IMAGE, extra_labels={})


@pytest.fixture
def docker_bench(
    docker_connection: DockerConnection, base_image: BaseImage, test_session: str, test_labels: dict[str, str]
) -> Iterator[ContractFixture]:
    engine = DockerEngine(docker_connection)
    bench = make_bench(engine, session=test_session, image=base_image.id, extra_labels=test_labels)
    yield bench
    bench.clear()


@pytest.fixture(scope="session")
def swarm_connection(test_session: str, test_labels: dict[str, str]) -> Iterator[DockerConnection]:
    """A swarm of one node on an engine of its own: that of this machine is never made one."""
    own = own_engine()
    try:
        with connect(own.host) as connection:
            start_swarm(connection)
            load_base_image(connection, test_session)
            yield connection
            [label] = (f"{key}={value}" for key, value in test_labels.items())
            assert remains_of(connection, label) == [], "the tests left objects on the swarm"
            assert swarm_remains_of(connection) == []
    finally:
        own.wipe()


@pytest.fixture
def swarm_bench(
    swarm_connection: DockerConnection, test_session: str, test_labels: dict[str, str]
) -> Iterator[ContractFixture]:
    engine = SwarmEngine(swarm_connection)
    bench = make_bench(
        engine,
        session=test_session,
        image=base_image_archive()[0],
        extra_labels=test_labels,
        always_joined={"bridge": "bridge"},
        publish_at="0.0.0.0",
        # Swarm gives what it removes the grace of its definition, which `sleep` always takes.
        defaults={"stop_signal": "SIGKILL"},
    )
    yield bench
    bench.clear()


@pytest.fixture(
    params=[
        "memory",
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("swarm", marks=[pytest.mark.docker, pytest.mark.slow]),
    ]
)
def bench(request: pytest.FixtureRequest) -> ContractFixture:
    """An environment of its own on every kind of engine."""
    found = request.getfixturevalue(f"{request.param}_bench")
    assert isinstance(found, ContractFixture)
    return found
