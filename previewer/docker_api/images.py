"""An engine's images and their names: list, inspect, resolve at a registry, pull, tag, remove."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.engine_clock import EngineClock, read_timestamp
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.request import delete, get_json, image_path
from previewer.domain.json_value import JsonObject, as_list, as_object, as_text
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
        answer = get_json(self._connection, "/images/json", {"filters": json.dumps(filters)})
        return tuple(_listed(as_object(entry)) for entry in as_list(answer))

    def _inspect(self, name: str) -> EngineImage | None:
        try:
            with translate_errors("inspect the image", subject=name):
                path = image_path(name, "/json")
                return _inspected(as_object(get_json(self._connection, path)), self._connection.clock)
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


def _listed(entry: JsonObject) -> EngineImage:
    return EngineImage(
        id=as_text(entry.get("Id")),
        platform="",
        tags=_texts(entry, "RepoTags"),
        repository_digests=_texts(entry, "RepoDigests"),
        labels=_labels(entry),
        bytes=_number(entry, "Size"),
        created=_number(entry, "Created"),
    )


def _inspected(entry: JsonObject, clock: EngineClock) -> EngineImage:
    named = read_timestamp(as_object(entry.get("Metadata")).get("LastTagTime"))
    parts = (as_text(entry.get(key)) for key in ("Os", "Architecture", "Variant"))
    return EngineImage(
        id=as_text(entry.get("Id")),
        platform="/".join(filter(None, parts)),
        tags=_texts(entry, "RepoTags"),
        repository_digests=_texts(entry, "RepoDigests"),
        labels=_labels(as_object(entry.get("Config"))),
        bytes=_number(entry, "Size"),
        created=0,
        layers=_texts(as_object(entry.get("RootFS")), "Layers"),
        config=as_object(entry.get("Config")),
        named_at=clock.ours(named) if named else None,
    )


def _texts(entry: JsonObject, key: str) -> tuple[str, ...]:
    """Names, without the ``<none>`` that lists give to images without one."""
    return tuple(text for value in as_list(entry.get(key)) if "<none>" not in (text := as_text(value)))


def _labels(entry: JsonObject) -> dict[str, str]:
    return {key: as_text(value) for key, value in as_object(entry.get("Labels")).items()}


def _number(entry: JsonObject, key: str) -> int:
    value = entry.get(key)
    return value if isinstance(value, int) else 0


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
            entries = as_list(get_json(connection, image_path(image, "/history")))
    except ObjectNotFoundError:
        return []
    sizes = (as_object(entry).get("Size") for entry in reversed(entries))
    return [size if isinstance(size, int) else 0 for size in sizes]
