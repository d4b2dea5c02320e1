"""An engine's images and their names: list, inspect, resolve at a registry, pull, tag, remove."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from previewer.docker_api.answers import Answer, Labels
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import EngineClock, read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import delete, get, image_path
from previewer.domain.json_value import JsonObject
from previewer.domain.naming import digest_reference, named_digest
from previewer.domain.release.image_comparison import Layers, stack_layers
from previewer.errors import ConflictError, ObjectNotFoundError

if TYPE_CHECKING:
    import docker.auth


_DIGEST = "sha256:"


def engine_reference(connection: DockerConnection, image: str) -> str:
    """What to ask the engine for. Anything but a config digest is left as it is. Raises :class:`EngineError`."""
    if not image.startswith(_DIGEST):
        return image
    return digest_reference(image) if connection.has_containerd_store else image


class ListedImage(Answer, frozen=True):
    """An entry of ``GET /images/json``."""

    id: str = ""
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    labels: Labels = None
    size: int = 0
    created: int = 0

    @property
    def config_digest(self) -> str:
        """On engines whose ids are something else, a tag has it."""
        named = (named_digest(tag) for tag in self.repo_tags or ())
        return next((digest for digest in named if digest), self.id)


class _Layers(Answer, frozen=True):
    layers: list[str] | None = None


class _Metadata(Answer, frozen=True):
    last_tag_time: str = ""


class Image(Answer, frozen=True):
    """``GET /images/NAME/json``."""

    id: str = ""
    os: str = ""
    architecture: str = ""
    variant: str = ""
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    size: int = 0
    root_fs: _Layers | None = field(default=None, name="RootFS")
    metadata: _Metadata | None = None
    config: dict[str, Any] | None = None


class _HistoryEntry(Answer, frozen=True):
    size: int = 0


class EngineImage(Struct, frozen=True):
    """An image that the engine holds."""

    id: str
    platform: str
    """``linux/arm64/v8``; empty in lists, which do not say it."""
    tags: tuple[str, ...]
    repository_digests: tuple[str, ...]
    """``name@sha256:…``: what registries call it."""
    labels: Mapping[str, str]
    bytes: int
    created: int
    """Seconds since the epoch; 0 for an inspected image."""
    layers: tuple[str, ...] = ()
    """Diff ids from the bottom; empty in lists."""
    config: JsonObject = field(default_factory=dict)
    """What containers of it run with; empty in lists."""
    named_at: datetime | None = None
    """When it was last given a name, by the engine's clock; ``None`` in lists, and where nothing says it."""

    @property
    def named_digest(self) -> str | None:
        """Its config digest, where one of its names says it."""
        return next((digest for tag in self.tags if (digest := named_digest(tag)) is not None), None)


class EngineImages:
    """The image half of the Docker API, with plain values."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection

    @property
    def _api(self) -> docker.APIClient:
        return self._connection.api

    def list_labelled(self, labels: Sequence[str]) -> tuple[EngineImage, ...]:
        """Every image that has all ``labels`` (``key`` or ``key=value``), in one call."""
        with translate_errors("list images", subject="images"):
            return self._list({"label": list(labels)})

    def inspect(self, reference: str) -> EngineImage | None:
        """The image behind a reference, a config digest or an engine's id; ``None`` where the engine has none."""
        names = dict.fromkeys((engine_reference(self._connection, reference), reference))
        return next((image for name in names if (image := self._inspect(name)) is not None), None)

    def _list(self, filters: Mapping[str, Sequence[str]]) -> tuple[EngineImage, ...]:
        answer = get(self._connection, "/images/json", {"filters": json.dumps(filters)})
        return tuple(map(_listed, answer.read_list(ListedImage)))

    def _inspect(self, name: str) -> EngineImage | None:
        try:
            with translate_errors("inspect the image", subject=name):
                answer = get(self._connection, image_path(name, "/json"))
                return _inspected(answer.read(Image), self._connection.clock)
        except ObjectNotFoundError:
            return None

    def tag(self, image: str, reference: str) -> None:
        """Give an image a further name."""
        repository, _, tag = reference.rpartition(":")
        held = self.inspect(image)
        with translate_errors("name the image", subject=image):
            self._api.tag(image if held is None else held.id, repository, tag)

    def remove_name(self, name: str) -> None:
        """Take one name away; an image without another goes, with the nameless ones that it was built upon.

        Nothing happens if the name is gone.
        """
        self._remove(name, "untag it")

    def remove(self, image: str) -> None:
        """Remove an image with all its names. Nothing happens if it is gone or in use."""
        found = self.inspect(image)
        for name in () if found is None else (found.tags or (found.id,)):
            self._remove(name, "remove the image")

    def list_named(self, repository: str) -> tuple[EngineImage, ...]:
        """Every image that is called ``repository:TAG``, in one call."""
        with translate_errors("list images", subject=repository):
            return self._list({"reference": [f"{repository}:*"]})

    def _remove(self, name: str, action: str) -> None:
        with suppress(ObjectNotFoundError, ConflictError), translate_errors(action, subject=name):
            delete(self._connection, image_path(name))


def registry_of(reference: str) -> str:
    """The host that a reference is pulled from; ``docker.io`` where it names none."""
    import docker.auth

    return docker.auth.resolve_repository_name(reference)[0]


def _listed(entry: ListedImage) -> EngineImage:
    return EngineImage(
        id=entry.id,
        platform="",
        tags=_names(entry.repo_tags),
        repository_digests=_names(entry.repo_digests),
        labels=entry.labels or {},
        bytes=entry.size,
        created=entry.created,
    )


def _inspected(entry: Image, clock: EngineClock) -> EngineImage:
    named = read_timestamp(entry.metadata.last_tag_time) if entry.metadata else None
    config: JsonObject = entry.config or {}
    return EngineImage(
        id=entry.id,
        platform="/".join(filter(None, (entry.os, entry.architecture, entry.variant))),
        tags=_names(entry.repo_tags),
        repository_digests=_names(entry.repo_digests),
        labels=(entry.config or {}).get("Labels") or {},
        bytes=entry.size,
        created=0,
        layers=tuple((entry.root_fs and entry.root_fs.layers) or ()),
        config=config,
        named_at=clock.ours(named) if named else None,
    )


def _names(names: list[str] | None) -> tuple[str, ...]:
    """Without the ``<none>`` that lists give to images without one."""
    return tuple(name for name in names or () if "<none>" not in name)


def read_layers(connection: DockerConnection, image: str, *, measured: bool) -> Layers:
    """The layers of one image, ``measured`` or not; none of one that is gone."""
    held = EngineImages(connection).inspect(image)
    if held is None:
        return {}
    return stack_layers(held.layers, _history(connection, image) if measured else ())


def _history(connection: DockerConnection, image: str) -> list[int]:
    """The bytes of every entry, the oldest first."""
    try:
        with translate_errors("measure its layers", subject=image):
            entries = get(connection, image_path(image, "/history")).read_list(_HistoryEntry)
    except ObjectNotFoundError:
        return []
    return [entry.size for entry in reversed(entries)]


def image_config(connection: DockerConnection, image: str) -> JsonObject:
    """The ``Config`` of an image, which is named by its config digest. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"image {image}"):
        reference = engine_reference(connection, image)
        return get(connection, image_path(reference, "/json")).read(Image).config or {}
