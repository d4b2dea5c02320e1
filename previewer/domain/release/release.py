"""A release: one commit frozen into images and definitions, under an id that is the hash of its content."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
from msgspec import structs

from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role
from previewer.domain.compose.references import find_references
from previewer.domain.json_value import JsonObject, digest_of
from previewer.domain.stored import Instant, from_bytes, to_json
from previewer.domain.units import format_time

MANIFEST_VERSION = 1
REFERRING_VERSION = 2
"""The version of manifests that refer to variables of the user's: earlier previewers would not resolve them."""


class BaseImage(msgspec.Struct, frozen=True):
    """An image that another one was built from."""

    reference: str
    """The reference as the Dockerfile has it."""
    image: str
    """Its config digest, ``sha256:…``."""
    repository_digest: str | None = None
    """``name@sha256:…`` where a registry knows it."""


class Artifact(msgspec.Struct, frozen=True):
    """One image, by content."""

    image: str
    """The image's config digest, ``sha256:…``: the same on every engine. Only this is ever run."""
    platform: str
    """``linux/amd64``."""
    origin: str
    """How it came to be: ``buildkit`` or ``classic`` for a build, ``registry`` for a pinned image, ``engine``
    for an image that the engine had and no registry could vouch for."""
    reference: str
    """What the definition asked for, or the name that the built image was given."""
    repository_digest: str | None = None
    """``name@sha256:…`` where a registry knows it."""
    input_digest: str | None = None
    """The digest of everything that the build depended on; ``None`` for an image that was not built."""
    bases: tuple[BaseImage, ...] = ()
    """What its Dockerfile names in ``FROM`` and ``COPY --from``, sorted by reference."""
    cache_scope: str = ""
    """Whose caches its build mounted; empty where it mounted none. Only they may reuse the image."""


class FrozenDefinition(msgspec.Struct, frozen=True):
    """A definition whose every service has its artifact."""

    definition: Definition
    artifacts: Mapping[str, Artifact]
    """Images by service."""


class Release(msgspec.Struct, frozen=True, dict=True):
    """The manifest. Two freezes of one commit on one engine give the same manifest and so the same id."""

    project: str
    commit: str
    tree: str
    committed_at: Instant
    definitions: Mapping[str, FrozenDefinition]
    """Definitions by name: ``preview``, ``staging``, ``production``, …"""
    files: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Digests of the commit's files that services read while they run, by path in the tree."""
    left_out: tuple[str, ...] = ()
    """Names of the commit's definitions that it lacks, as no run needed them, sorted."""

    @cached_property
    def id(self) -> str:
        """``sha256:…`` of the canonical JSON of :func:`manifest_of`."""
        return digest_of(manifest_of(self))

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every artifact once, sorted by image."""
        by_image = {a.image: a for frozen in self.definitions.values() for a in frozen.artifacts.values()}
        return tuple(by_image[image] for image in sorted(by_image))


def joined(release: Release, part: Release) -> Release:
    """``release`` and what ``part``, of the same commit, has besides: one more release, neither is changed."""
    definitions = {**part.definitions, **release.definitions}
    return structs.replace(
        release,
        definitions={name: definitions[name] for name in sorted(definitions)},
        files={**part.files, **release.files},
        left_out=tuple(name for name in release.left_out if name not in part.definitions),
    )


def is_part_of(part: Release, release: Release) -> bool:
    """Whether ``release`` runs everything as ``part`` does: it is ``part``, or was completed from it."""
    return (part.project, part.commit, part.tree) == (release.project, release.commit, release.tree) and all(
        release.definitions.get(name) == frozen for name, frozen in part.definitions.items()
    )


def pins_of(release: Release) -> Mapping[str, str]:
    """What references meant when ``release`` was frozen: by reference, that by digest, else the config digest."""
    pinned: list[Artifact | BaseImage] = [base for artifact in release.artifacts for base in artifact.bases]
    pinned += [artifact for artifact in release.artifacts if artifact.input_digest is None]
    return {image.reference: image.repository_digest or image.image for image in pinned}


class ManifestEntry(msgspec.Struct, frozen=True):
    """One definition, and what it runs, as a manifest has them."""

    role: Role
    files: tuple[str, ...]
    model: dict[str, Any]
    """JSON: the Compose model."""
    artifacts: Mapping[str, Artifact]
    """Images by service."""
    choice: ReadingChoice = DEFAULT_CHOICE
    """What the user chose when it was read."""
    order: tuple[str, ...] = ()
    """The names of the services as the file lists them; empty where they are sorted."""


class Manifest(msgspec.Struct, frozen=True):
    """A release as it is stored."""

    version: int
    project: str
    commit: str
    tree: str
    committed_at: Instant
    definitions: Mapping[str, ManifestEntry]
    """Definitions by name: ``preview``, ``staging``, ``production``, …"""
    files: Mapping[str, str]
    left_out: tuple[str, ...] = ()


class _Version(msgspec.Struct, frozen=True):
    """What every manifest says, whatever else is in it."""

    version: int


def manifest_of(release: Release) -> JsonObject:
    """The release as JSON, with nothing in it that depends on when, where or by whom it was frozen."""
    return {
        "version": _version_of(release),
        "project": release.project,
        "commit": release.commit,
        "tree": release.tree,
        "committed_at": format_time(release.committed_at),
        "definitions": {name: _frozen_to_json(frozen) for name, frozen in release.definitions.items()},
        "files": dict(release.files),
        **({"left_out": list(release.left_out)} if release.left_out else {}),
    }


def read_manifest(content: bytes) -> Release:
    """The release that :func:`manifest_of` describes, from its bytes.

    Raises :class:`ValueError` for another version, and for another shape with the field that has it.
    """
    version = from_bytes(content, _Version).version
    if version not in (MANIFEST_VERSION, REFERRING_VERSION):
        raise ValueError(f"release manifest of version {version}, this reads up to {REFERRING_VERSION}")
    manifest = from_bytes(content, Manifest)
    return Release(
        project=manifest.project,
        commit=manifest.commit,
        tree=manifest.tree,
        committed_at=manifest.committed_at,
        definitions={
            name: FrozenDefinition(
                Definition(name, entry.role, entry.files, entry.model, choice=entry.choice, order=entry.order),
                entry.artifacts,
            )
            for name, entry in manifest.definitions.items()
        },
        files=manifest.files,
        left_out=manifest.left_out,
    )


def _version_of(release: Release) -> int:
    models = (frozen.definition.model for frozen in release.definitions.values())
    refers = any(next(find_references(model), None) is not None for model in models)
    return REFERRING_VERSION if refers else MANIFEST_VERSION


def _frozen_to_json(frozen: FrozenDefinition) -> JsonObject:
    order = frozen.definition.order
    return {
        "role": frozen.definition.role.value,
        "files": list(frozen.definition.files),
        "model": frozen.definition.model,
        "artifacts": {service: _artifact_to_json(artifact) for service, artifact in frozen.artifacts.items()},
        **({"choice": to_json(frozen.definition.choice)} if frozen.definition.choice != DEFAULT_CHOICE else {}),
        **({"order": list(order)} if list(order) != sorted(order) else {}),
    }


def _artifact_to_json(artifact: Artifact) -> JsonObject:
    """What is empty of fields that came later is left out, so that manifests of before keep their ids."""
    later = ("bases", "cache_scope")
    return {key: value for key, value in to_json(artifact).items() if value or key not in later}
