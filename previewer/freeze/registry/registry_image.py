"""An image in a registry: which one it is, by its config digest, and under which digest it can be pulled."""

from __future__ import annotations

from collections.abc import Iterator

from previewer.docker_api.registry.repository import (
    DOCKER_INDEX,
    OCI_INDEX,
    RegistryManifest,
    RegistryRepository,
    is_digest,
)
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
from previewer.domain.platform import read_platform, runs_as
from previewer.frozen import dataclass

INDEXES = frozenset({OCI_INDEX, DOCKER_INDEX})


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """One image for one platform."""

    image: str
    """Its config digest, ``sha256:…``: what engines and releases call it."""
    manifest: RegistryManifest
    """By whose digest it is pulled."""


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
    image = as_text(as_object(manifest.value.get("config")).get("digest"))
    return RegistryImage(image, manifest) if image else None


def is_index(manifest: RegistryManifest) -> bool:
    """Whether it lists images for several platforms."""
    return manifest.media_type in INDEXES or "manifests" in manifest.value


def _fitting(index: JsonObject, platform: str) -> Iterator[str]:
    for entry in map(as_object, as_list(index.get("manifests"))):
        digest = as_text(entry.get("digest"))
        # Only a digest: a tag's content could be anything.
        if runs_as(read_platform(as_object(entry.get("platform"))), platform) and is_digest(digest):
            yield digest
