"""Built images in a registry, found by what they were built from: pulled instead of built, never in the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from msgspec import structs

from previewer.docker_api.registry.connection import BRIEF, RegistryConnection, RegistryCredentials
from previewer.docker_api.registry.repository import DOCKER_MANIFEST, RegistryManifest, RegistryRepository
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import canonical_json
from previewer.domain.naming import registry_input_tag
from previewer.domain.progress import Noted
from previewer.domain.release.registry_address import RegistryAddress
from previewer.domain.release.release import Artifact, Release
from previewer.errors import RegistryError
from previewer.freeze.freeze_commit import freeze_commit
from previewer.freeze.planned_images import permit_all
from previewer.freeze.protocol import BuildCache, CachedBuild
from previewer.freeze.registry.registry_image import RegistryBuildCache, RegistryImage, find_image
from previewer.testing.memory.images import MemoryImages
from previewer.testing.memory.source import MemorySource
from tests.freeze.oci_registry import OciRegistry, oci_registry
from tests.worlds.freeze import Events, built, definition

INPUT = "sha256:" + "1" * 64
IMAGE = "sha256:" + "a" * 64
ARTIFACT = Artifact(IMAGE, "linux/arm64/v8", "direct", "previewer/shop/web:1", input_digest=INPUT)


def open_cache(registry: OciRegistry) -> tuple[RegistryBuildCache, RegistryRepository]:
    connection = RegistryConnection(registry.host, find=lambda _: RegistryCredentials(), patience=BRIEF)
    repository = RegistryRepository(connection, "team/shop")
    return RegistryBuildCache(repository, RegistryAddress(registry.host, "team/shop")), repository


def push_image(repository: RegistryRepository, image: str) -> RegistryImage:
    """Its manifest; layers do not matter here."""
    content = canonical_json({"schemaVersion": 2, "config": {"digest": image}, "layers": []})
    digest = repository.write_manifest("image", DOCKER_MANIFEST, content)
    return RegistryImage(image, RegistryManifest(digest, DOCKER_MANIFEST, content))


def test_a_pushed_build_is_found_by_its_inputs_with_all_that_a_release_says_of_it() -> None:
    with oci_registry() as registry:
        cache, repository = open_cache(registry)
        assert cache.find([INPUT]) == {}
        held = push_image(repository, IMAGE)
        assert cache.add(ARTIFACT, held) is True
        place = f"{registry.host}/team/shop@{held.manifest.digest}"
        assert cache.find([INPUT, "sha256:" + "2" * 64]) == {
            INPUT: CachedBuild(IMAGE, "linux/arm64/v8", "direct", place)
        }
        assert find_image(repository, registry_input_tag(INPUT), platform="linux/arm64") == held
        assert find_image(repository, registry_input_tag(INPUT), platform="linux/amd64") is None


def test_the_first_build_stays_and_an_image_that_was_not_built_is_none() -> None:
    with oci_registry() as registry:
        cache, repository = open_cache(registry)
        cache.add(ARTIFACT, push_image(repository, IMAGE))
        other = "sha256:" + "b" * 64
        assert cache.add(structs.replace(ARTIFACT, image=other), push_image(repository, other)) is False
        assert cache.find([INPUT])[INPUT].image == IMAGE
        assert cache.add(structs.replace(ARTIFACT, input_digest=None), push_image(repository, other)) is False


def test_a_tag_that_says_something_else_or_outlived_its_image_is_nothing() -> None:
    with oci_registry() as registry:
        cache, repository = open_cache(registry)
        held = push_image(repository, IMAGE)
        cache.add(ARTIFACT, held)
        wrong = "sha256:" + "3" * 64
        kept = registry.manifests[f"team/shop:{registry_input_tag(INPUT)}"]
        registry.manifests[f"team/shop:{registry_input_tag(wrong)}"] = kept
        assert cache.find([wrong]) == {}
        del registry.manifests[f"team/shop@{held.manifest.digest}"]
        assert cache.find([INPUT]) == {}


class Known:
    """Every build, as it would be on another machine."""

    def __init__(self, *, image: str | None = None, error: RegistryError | None = None) -> None:
        self._image = image
        self._error = error

    def find(self, input_digests: Collection[str]) -> Mapping[str, CachedBuild]:
        if self._error is not None:
            raise self._error
        image = self._image or IMAGE
        return {d: CachedBuild(image, "linux/amd64", "direct", "r.io/shop@sha256:1") for d in input_digests}


def freeze(images: MemoryImages, cache: BuildCache, events: Events, *, use_cache: bool = True) -> Release:
    source = MemorySource()
    commit = source.commit("main", {"Dockerfile": "FROM base:1\n"})
    return freeze_commit(
        tree=source.tree(commit.id),
        commit=commit,
        project="shop",
        cache_scope="",
        definitions=[definition({"web": built()})],
        images=images,
        permit=permit_all,
        use_cache=use_cache,
        report=events,
        cancellation=Cancellation(),
        cache=cache,
    )


def test_what_is_there_is_pulled_instead_of_built() -> None:
    images, events = MemoryImages(), Events()
    images.pushed["r.io/shop@sha256:1"] = IMAGE
    release = freeze(images, Known(), events)
    assert images.requests == []
    artifact = release.definitions["preview"].artifacts["web"]
    assert (artifact.image, artifact.origin) == (IMAGE, "direct")
    assert "build web" not in events.outcomes


@pytest.mark.parametrize(
    ("cache", "reported"),
    [
        (Known(error=RegistryError("the registry does not answer")), "does not answer"),
        (Known(), "no such image"),
        (Known(image="sha256:" + "b" * 64), "another image"),
    ],
    ids=["silent", "gone", "forged"],
)
def test_a_registry_that_cannot_help_costs_a_build_and_not_the_release(cache: Known, reported: str) -> None:
    images, events = MemoryImages(), Events()
    if reported == "another image":
        images.pushed["r.io/shop@sha256:1"] = IMAGE
    release = freeze(images, cache, events)
    assert [request.service for request in images.requests] == ["web"]
    assert release.definitions["preview"].artifacts["web"].image not in (IMAGE, "sha256:" + "b" * 64)
    assert [reported in event.message for event in events.seen if isinstance(event, Noted)] == [True]


def test_nothing_is_looked_for_where_everything_is_to_be_built_again() -> None:
    images = MemoryImages()
    images.pushed["r.io/shop@sha256:1"] = IMAGE
    freeze(images, Known(), Events(), use_cache=False)
    assert [request.service for request in images.requests] == ["web"]
