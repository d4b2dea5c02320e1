"""An image in a registry: which one it is, by its config digest, and under which digest it can be pulled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from previewer.docker_api.registry.repository import (
    DOCKER_INDEX,
    OCI_INDEX,
    Descriptor,
    Manifest,
    RegistryManifest,
    RegistryRepository,
    is_digest,
)
from previewer.domain.json_value import JsonObject, canonical_json
from previewer.domain.labels import BUILDER, INPUT_DIGEST
from previewer.domain.naming import registry_input_tag
from previewer.domain.release.registry_address import RegistryAddress
from previewer.domain.release.release import Artifact
from previewer.domain.units import platform_object, runs_as
from previewer.freeze.protocol import CachedBuild

INDEXES = frozenset({OCI_INDEX, DOCKER_INDEX})


class RegistryImage(Struct, frozen=True):
    """One image for one platform."""

    image: str
    """Its config digest, ``sha256:…``: what engines and releases call it."""
    manifest: RegistryManifest
    """The manifest by whose digest it is pulled."""


def find_image(repository: RegistryRepository, reference: str, *, platform: str) -> RegistryImage | None:
    """The image for ``platform`` behind a tag or digest; ``None`` where there is none.

    Raises :class:`RegistryError`.
    """
    manifest = repository.find_manifest(reference)
    if manifest is not None and is_index(manifest):
        chosen = next(iter(_fitting(manifest.value, platform)), None)
        manifest = repository.find_manifest(chosen) if chosen else None
    if manifest is None:
        return None
    config = manifest.value.config
    return RegistryImage(config.digest, manifest) if config and config.digest else None


def is_index(manifest: RegistryManifest) -> bool:
    """Whether it lists images for several platforms."""
    return manifest.media_type in INDEXES or manifest.value.manifests is not None


def _fitting(index: Manifest, platform: str) -> Iterator[str]:
    for entry in index.manifests or ():
        # Only a digest: a tag's content could be anything.
        if runs_as(entry.platform_text, platform) and is_digest(entry.digest):
            yield entry.digest


QUESTIONS = 8
"""Requests sent at the same time."""


class RegistryBuildCache:
    """The builds that ``previewer push`` has sent to one repository."""

    def __init__(self, repository: RegistryRepository, address: RegistryAddress) -> None:
        self._repository = repository
        self._address = address

    def find(self, input_digests: Collection[str]) -> Mapping[str, CachedBuild]:
        """Those that are there, by input digest. Raises :class:`RegistryError`."""
        with ThreadPoolExecutor(max_workers=QUESTIONS) as pool:
            builds = pool.map(self._find, input_digests)
            return {d: build for d, build in zip(input_digests, builds, strict=True) if build is not None}

    def add(self, artifact: Artifact, held: RegistryImage) -> bool:
        """Let a pushed image be found by what it was built from; whether that is new.

        The first one stays: every clone then gets the same image. The builder is told with it, for it is a part
        of the release. Raises :class:`RegistryError`.
        """
        digest = artifact.input_digest
        if digest is None or self._repository.find_manifest(registry_input_tag(digest)) is not None:
            return False
        index = canonical_json(_index(artifact, held))
        self._repository.write_manifest(registry_input_tag(digest), OCI_INDEX, index)
        return True

    def _find(self, digest: str) -> CachedBuild | None:
        index = self._repository.find_manifest(registry_input_tag(digest))
        if index is None:
            return None
        entry = next(iter(index.value.manifests or ()), Descriptor())
        notes = entry.annotations or {}
        if notes.get(INPUT_DIGEST) != digest or not is_digest(entry.digest):
            return None
        held = find_image(self._repository, entry.digest, platform=entry.platform_text)
        if held is None:  # the tag outlived the image: the registry was cleaned up
            return None
        address = self._address.by_digest(held.manifest.digest)
        return CachedBuild(held.image, entry.platform_text, notes.get(BUILDER, ""), str(address))


def _index(artifact: Artifact, held: RegistryImage) -> JsonObject:
    """An OCI image index of one image."""
    notes = {INPUT_DIGEST: artifact.input_digest, BUILDER: artifact.origin}
    return {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": held.manifest.media_type,
                "digest": held.manifest.digest,
                "size": len(held.manifest.content),
                "platform": dict(platform_object(artifact.platform)),
                "annotations": notes,
            }
        ],
    }
