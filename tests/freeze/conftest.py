"""A real engine with a base image of our own, and the removal of everything that a test built."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.domain.labels import PROJECT
from previewer.freeze.docker.images import DockerImages
from tests.docker.base_image import base_image_archive, forget_pinned_names, is_static_busybox

BASE = f"previewer-test-freeze/base:{uuid.uuid4().hex[:8]}"
"""A tag of this session's own: another one that ends meanwhile must not take it away."""


@pytest.fixture(scope="session")
def freeze_connection(docker_connection: DockerConnection) -> Iterator[DockerConnection]:
    """The engine, with :data:`BASE` loaded."""
    if not is_static_busybox():
        pytest.skip("no static busybox to make a base image of (package busybox-static)")
    api = docker_connection.api
    image, archive = base_image_archive()
    api.load_image(archive)  # type: ignore[no-untyped-call]
    api.tag(image, BASE)
    yield docker_connection
    if api.images(BASE):
        api.remove_image(BASE)


@pytest.fixture
def project(freeze_connection: DockerConnection) -> Iterator[str]:
    """A project's name that is used once; every image that was built for it is removed."""
    name = f"freeze-{uuid.uuid4().hex[:8]}"
    yield name
    api = freeze_connection.api
    forget_pinned_names(freeze_connection, BASE, project=name)
    for image in api.images(filters={"label": f"{PROJECT}={name}"}):
        api.remove_image(image["Id"], force=True)
    assert api.images(filters={"label": f"{PROJECT}={name}"}) == []


@pytest.fixture
def images(freeze_connection: DockerConnection) -> DockerImages:
    """The build stage's view of the engine."""
    return DockerImages(freeze_connection)
