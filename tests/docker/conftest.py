"""What tests through the whole command line have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import EngineFixture


@pytest.fixture
def engine_fixture(
    tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage
) -> Iterator[EngineFixture]:
    """A site of the test's own; nothing of it is left on the engine."""
    del base_image
    found = EngineFixture(tmp_path / "site", docker_connection)
    yield found
    found.clean_up()
