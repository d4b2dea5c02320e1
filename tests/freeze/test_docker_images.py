"""Resolving images on a real engine, with a registry that lives, moves its tags and dies."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.registry import repository
from previewer.domain.progress import Noted
from previewer.errors import FreezeError
from previewer.freeze.docker.images import DockerImages
from previewer.testing.memory.source import MemorySource
from tests.docker.base_image import base_image_archive
from tests.freeze.conftest import BASE
from tests.freeze.small_registry import SmallRegistry, small_registry
from tests.worlds.freeze import Events, built, definition, freeze

pytestmark = pytest.mark.docker


@pytest.fixture
def registry(freeze_connection: DockerConnection) -> Iterator[SmallRegistry]:
    """A registry; what was pulled from it is removed."""
    with small_registry() as made:
        yield made
    api = freeze_connection.api
    for image in api.images():
        for name in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())]:
            if name.startswith(f"{made.host}/"):
                api.remove_image(name, force=True)


def test_a_tag_is_resolved_by_its_registry_and_pulled_by_digest(
    images: DockerImages, registry: SmallRegistry
) -> None:
    archive = base_image_archive()[1]
    first = registry.push("1", archive, comment=f"one {uuid.uuid4()}")
    reference = f"{registry.host}/team/web:1"
    pinned = images.pin(reference, images.platform)
    assert (pinned.image, pinned.platform) == (first, images.platform)
    assert pinned.repository_digest == f"{registry.host}/team/web@{registry.digests['1']}"

    second = registry.push("1", archive, comment=f"two {uuid.uuid4()}")
    assert images.pin(reference, images.platform).image == second, "the tag moved"
    assert images.pin(pinned.repository_digest or "", images.platform) == pinned, "a digest does not move"


def test_a_digest_that_the_engine_has_asks_no_registry(images: DockerImages, registry: SmallRegistry) -> None:
    registry.push("1", base_image_archive()[1], comment=f"{uuid.uuid4()}")
    pinned = images.pin(f"{registry.host}/web:1", images.platform)
    registry.requests.clear()
    assert images.pin(pinned.repository_digest or "", images.platform) == pinned
    assert registry.requests == []


def test_a_build_stands_on_the_base_that_was_pinned(
    images: DockerImages, registry: SmallRegistry, project: str
) -> None:
    registry.push("1", base_image_archive()[1], comment=f"{uuid.uuid4()}")
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {registry.host}/base:1\nRUN echo x > /x\n"})
    one = freeze(source, commit, images, definition({"web": built()}), project=project)
    two = freeze(source, commit, images, definition({"web": built()}), project=project)
    registry.push("1", base_image_archive()[1], comment=f"{uuid.uuid4()}")
    three = freeze(source, commit, images, definition({"web": built()}), project=project)
    assert one.id == two.id != three.id
    assert len(images.list_built(project)) == 2


def test_an_image_for_another_platform_is_refused(images: DockerImages) -> None:
    with pytest.raises(FreezeError, match="not for linux/s390x"):
        images.pin(BASE, "linux/s390x")


def test_an_unknown_tag_of_a_living_registry_is_an_error(images: DockerImages, registry: SmallRegistry) -> None:
    with pytest.raises(FreezeError):
        images.pin(f"{registry.host}/team/nothing:1", images.platform)


REFUSALS = [
    (429, "TOOMANYREQUESTS", "rate limit", "docker login"),
    (401, "UNAUTHORIZED", "who you are", "docker login"),
    (403, "DENIED", "does not let this user", "docker login"),
    (503, "UNAVAILABLE", "itself fails", "later"),
]


@pytest.mark.parametrize(("status", "code", "message", "hint"), REFUSALS)
def test_a_refusal_is_told_as_what_it_is(
    images: DockerImages, registry: SmallRegistry, status: int, code: str, message: str, hint: str
) -> None:
    registry.refuses = (status, code)
    with pytest.raises(FreezeError, match=message) as caught:
        images.pin(f"{registry.host}/team/web:1", images.platform)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(("status", "code", "message", "hint"), REFUSALS)
def test_the_engine_s_own_copy_serves_and_that_is_said(
    freeze_connection: DockerConnection,
    images: DockerImages,
    registry: SmallRegistry,
    status: int,
    code: str,
    message: str,
    hint: str,
) -> None:
    del hint
    registry.refuses = (status, code)
    freeze_connection.api.tag(BASE, f"{registry.host}/base", "1")
    pinned = images.pin(f"{registry.host}/base:1", images.platform)
    assert pinned.image == images.pin(BASE, images.platform).image
    assert message in pinned.warning
    assert "own copy" in pinned.warning


def test_a_missing_credentials_helper_is_one_warning_and_no_user(
    images: DockerImages, registry: SmallRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str
) -> None:
    registry.push("1", base_image_archive()[1], comment=f"{uuid.uuid4()}")
    (tmp_path / "config.json").write_text('{"credsStore": "desktop.exe"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": f"FROM {registry.host}/base:1\nRUN echo x > /x\n"})
    events = Events()
    services = definition({"web": built(), "db": {"image": f"{registry.host}/other:1"}})
    freeze(source, commit, images, services, project=project, report=events)
    noted = [event.message for event in events.seen if isinstance(event, Noted)]
    assert noted == ["docker-credential-desktop.exe is not installed, so registries are asked without signing in"]


def test_a_registry_that_never_answers_costs_its_time_once(
    freeze_connection: DockerConnection, images: DockerImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        api = freeze_connection.api
        api.tag(BASE, f"{host}/base", "1")
        try:
            pinned = [images.pin(f"{host}/base:1", images.platform)]
            with monkeypatch.context() as patch:
                patch.setattr(repository, "ask_tag_digest", lambda *_: pytest.fail("it is asked again"))
                pinned += [images.pin(f"{host}/base:1", images.platform) for _ in range(2)]
        finally:
            api.remove_image(f"{host}/base:1")
    assert {image.image for image in pinned} == {images.pin(BASE, images.platform).image}
    assert pinned[0].repository_digest is None


def test_threads_share_the_images(images: DockerImages) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(images.pin(BASE, images.platform).image)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
