"""The files of an image as a stream, read through a container that is never started."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import remove_container
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.idle_container import idle_container
from previewer.domain.json_value import JsonObject, as_text
from previewer.domain.labels import MANAGED_BY, MANAGED_BY_VALUE, PURPOSE, PURPOSE_READING

CHUNK_BYTES = 1 << 17
FORGOTTEN_AFTER = 600.0
"""Seconds after which a container for reading is what a killed run left behind."""


@contextmanager
def open_image_files(connection: DockerConnection, *, image: str) -> Iterator[Iterator[bytes]]:
    """The root file system of an image as a tar stream; nothing of it is kept on any disk.

    Raises :class:`ObjectNotFoundError` where the engine has no such image, and :class:`EngineError` while reading
    if the stream breaks off.
    """
    with reading_container(connection, image=image) as name:
        yield _export(connection, name, image)


@contextmanager
def reading_container(connection: DockerConnection, *, image: str) -> Iterator[str]:
    """The name of a container of an image that is never started, while the block lasts.

    Raises :class:`ObjectNotFoundError` where the engine has no such image.
    """
    name = f"previewer-read-{uuid.uuid4().hex[:16]}"
    labels = {MANAGED_BY: MANAGED_BY_VALUE, PURPOSE: PURPOSE_READING}
    with idle_container(connection, name=name, image=image, labels=labels):
        yield name


def remove_forgotten_readers(connection: DockerConnection) -> None:
    """Remove containers that runs left which were killed while they read an image."""
    labels = [f"{MANAGED_BY}={MANAGED_BY_VALUE}", f"{PURPOSE}={PURPOSE_READING}"]
    with translate_errors("list containers", subject=connection.host):
        found = connection.api.containers(all=True, filters={"label": labels})
    for entry in found:
        if is_forgotten(entry, now=connection.clock.theirs(datetime.now(UTC)).timestamp()):
            remove_container(connection, as_text(entry.get("Id")))


def is_forgotten(entry: JsonObject, *, now: float) -> bool:
    """Whether a listed container is so old that nobody reads it any more at ``now``, in seconds by the engine."""
    created = entry.get("Created")
    return isinstance(created, int) and now - created > FORGOTTEN_AFTER


def _export(connection: DockerConnection, name: str, image: str) -> Iterator[bytes]:
    with translate_errors("read its files", subject=f"image {image}"):
        yield from connection.api.export(name, chunk_size=CHUNK_BYTES)
