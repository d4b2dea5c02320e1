"""Built images that a registry has, by the digest of what they were built from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from previewer.docker_api.registry.repository import OCI_INDEX, RegistryRepository, is_digest
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text, canonical_json
from previewer.domain.labels import BUILDER, INPUT_DIGEST
from previewer.domain.naming import registry_input_tag
from previewer.domain.platform import platform_object, read_platform
from previewer.domain.registry_address import RegistryAddress
from previewer.domain.release import Artifact
from previewer.freeze.protocol import CachedBuild
from previewer.freeze.registry.registry_image import RegistryImage, find_image

QUESTIONS = 8
"""At the same time."""


class RegistryBuildCache:
    """The builds that ``previewer push`` has sent to one repository."""

    def __init__(self, repository: RegistryRepository, address: RegistryAddress) -> None:
        self._repository = repository
        self._address = address

    def find(self, input_digests: Collection[str]) -> Mapping[str, CachedBuild]:
        """Those that are there, by input digest. Raises :class:`RegistryError`."""
        with ThreadPoolExecutor(max_workers=QUESTIONS) as pool:
            found = pool.map(self._find, input_digests)
            return {d: build for d, build in zip(input_digests, found, strict=True) if build is not None}

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
        entry = as_object(next(iter(as_list(index.value.get("manifests"))), None))
        notes = as_object(entry.get("annotations"))
        if as_text(notes.get(INPUT_DIGEST)) != digest or not is_digest(as_text(entry.get("digest"))):
            return None
        platform = read_platform(as_object(entry.get("platform")))
        held = find_image(self._repository, as_text(entry.get("digest")), platform=platform)
        if held is None:  # the tag outlived the image: somebody cleaned the registry up
            return None
        address = self._address.by_digest(held.manifest.digest)
        return CachedBuild(held.image, platform, as_text(notes.get(BUILDER)), str(address))


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
