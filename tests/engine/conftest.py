"""The engines that the contract suite runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.engine.docker.engine import DockerEngine
from previewer.testing.memory.engine import MemoryEngine
from tests.docker.base_image import BaseImage
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


@pytest.fixture(params=["memory", pytest.param("docker", marks=pytest.mark.docker)])
def bench(request: pytest.FixtureRequest) -> ContractFixture:
    """An environment of its own on every kind of engine."""
    found = request.getfixturevalue(f"{request.param}_bench")
    assert isinstance(found, ContractFixture)
    return found
