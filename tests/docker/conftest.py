"""What tests through the whole command line have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from tests.docker.base_image import BaseImage
from tests.worlds.docker import Site


@pytest.fixture
def site(tmp_path: Path, docker_connection: DockerConnection, base_image: BaseImage) -> Iterator[Site]:
    """A site of the test's own; nothing of it is left on the engine."""
    del base_image
    found = Site(tmp_path / "site", docker_connection)
    yield found
    found.clean_up()
