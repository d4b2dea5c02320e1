"""A release: one commit frozen into images and definitions, under an id that is the hash of its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import cached_property

from previewer.domain.definition import Definition, Role
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text, digest_of
from previewer.domain.labels import format_time, parse_time
from previewer.frozen import dataclass

MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image that another one was built from."""

    reference: str
    """As the Dockerfile has it."""
    image: str
    """Its config digest, ``sha256:…``."""
    repository_digest: str | None = None
    """``name@sha256:…`` where a registry knows it."""


@dataclass(frozen=True, slots=True)
class Artifact:
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
    """Of everything that the build depended on; ``None`` for an image that was not built."""
    bases: tuple[BaseImage, ...] = ()
    """What its Dockerfile names in ``FROM`` and ``COPY --from``, sorted by reference."""


@dataclass(frozen=True)
class FrozenDefinition:
    """A definition whose every service has its artifact."""

    definition: Definition
    artifacts: Mapping[str, Artifact]
    """By service."""


@dataclass(frozen=True)
class Release:
    """The manifest. Two freezes of one commit on one engine give the same manifest and so the same id."""

    project: str
    commit: str
    tree: str
    committed_at: datetime
    definitions: Mapping[str, FrozenDefinition]
    """By the definition's name: ``preview``, ``staging``, ``production``, …"""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digests of the commit's files that services read while they run, by path in the tree."""

    @cached_property
    def id(self) -> str:
        """``sha256:…`` of the canonical JSON of :func:`manifest_of`."""
        return digest_of(manifest_of(self))

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every artifact once, sorted by image."""
        found = {a.image: a for frozen in self.definitions.values() for a in frozen.artifacts.values()}
        return tuple(found[image] for image in sorted(found))


def manifest_of(release: Release) -> JsonObject:
    """The release as JSON, with nothing in it that depends on when, where or by whom it was frozen."""
    return {
        "version": MANIFEST_VERSION,
        "project": release.project,
        "commit": release.commit,
        "tree": release.tree,
        "committed_at": format_time(release.committed_at),
        "definitions": {name: _frozen_to_json(frozen) for name, frozen in release.definitions.items()},
        "files": dict(release.files),
    }


def read_manifest(manifest: JsonObject) -> Release:
    """The release that :func:`manifest_of` wrote. Raises :class:`ValueError` for another version or shape."""
    if manifest.get("version") != MANIFEST_VERSION:
        raise ValueError(f"release manifest of version {manifest.get('version')!r}, this reads {MANIFEST_VERSION}")
    return Release(
        project=as_text(manifest["project"]),
        commit=as_text(manifest["commit"]),
        tree=as_text(manifest["tree"]),
        committed_at=parse_time(as_text(manifest["committed_at"])),
        definitions={
            name: _frozen_from_json(name, as_object(entry))
            for name, entry in as_object(manifest["definitions"]).items()
        },
        files={path: as_text(digest) for path, digest in as_object(manifest["files"]).items()},
    )


def _frozen_to_json(frozen: FrozenDefinition) -> JsonObject:
    return {
        "role": frozen.definition.role.value,
        "files": list(frozen.definition.files),
        "model": frozen.definition.model,
        "artifacts": {service: _artifact_to_json(artifact) for service, artifact in frozen.artifacts.items()},
    }


def _frozen_from_json(name: str, entry: JsonObject) -> FrozenDefinition:
    return FrozenDefinition(
        definition=Definition(
            name=name,
            role=Role(as_text(entry["role"])),
            files=tuple(as_text(file) for file in as_list(entry["files"])),
            model=as_object(entry["model"]),
        ),
        artifacts={
            service: _artifact_from_json(as_object(value))
            for service, value in as_object(entry["artifacts"]).items()
        },
    )


def _artifact_to_json(artifact: Artifact) -> JsonObject:
    return {
        "image": artifact.image,
        "platform": artifact.platform,
        "origin": artifact.origin,
        "reference": artifact.reference,
        "repository_digest": artifact.repository_digest,
        "input_digest": artifact.input_digest,
        **({"bases": [_base_to_json(base) for base in artifact.bases]} if artifact.bases else {}),
    }


def _base_to_json(base: BaseImage) -> JsonObject:
    return {"reference": base.reference, "image": base.image, "repository_digest": base.repository_digest}


def _artifact_from_json(value: JsonObject) -> Artifact:
    return Artifact(
        image=as_text(value["image"]),
        platform=as_text(value["platform"]),
        origin=as_text(value["origin"]),
        reference=as_text(value["reference"]),
        repository_digest=as_text(value.get("repository_digest")) or None,
        input_digest=as_text(value.get("input_digest")) or None,
        bases=tuple(_base_from_json(as_object(base)) for base in as_list(value.get("bases"))),
    )


def _base_from_json(value: JsonObject) -> BaseImage:
    return BaseImage(
        reference=as_text(value["reference"]),
        image=as_text(value["image"]),
        repository_digest=as_text(value.get("repository_digest")) or None,
    )
