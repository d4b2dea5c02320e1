"""Images as streams: their files, and archives that engines save and load."""

from __future__ import annotations

import json
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from previewer.docker_api.answers import ListedContainer
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import create_container, remove_container
from previewer.docker_api.errors import refusal_error, translate_errors
from previewer.docker_api.request import get, open_answer
from previewer.docker_api.streams import ensure_alive, read_objects, reading
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import MANAGED_BY, MANAGED_BY_VALUE, PROCESS, PURPOSE, PURPOSE_READING
from previewer.process_identity import has_ended, identify


@contextmanager
def idle_container(
    connection: DockerConnection,
    *,
    name: str,
    image: str,
    labels: Mapping[str, str],
    mounts: Sequence[JsonObject] = (),
) -> Iterator[str]:
    """The container's name while the block lasts, in no network; ``mounts`` are as a create body has them.

    Raises :class:`ObjectNotFoundError` where the engine has no such image, and :class:`ConflictError` for a taken
    name.
    """
    body: JsonObject = {
        "Image": image,
        "Entrypoint": [],
        "Cmd": ["never-started"],
        "Labels": labels,
        "HostConfig": {"NetworkMode": "none", "Mounts": list(mounts)},
    }
    create_container(connection, name=name, platform="", body=body)
    try:
        yield name
    finally:
        remove_container(connection, name)


def volume_mount(volume: str, target: str, *, read_only: bool = False) -> JsonObject:
    """A volume at ``target``; nothing that the image has there is copied into it."""
    return {
        "Type": "volume",
        "Source": volume,
        "Target": target,
        "ReadOnly": read_only,
        "VolumeOptions": {"NoCopy": True},
    }


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
    labels = {MANAGED_BY: MANAGED_BY_VALUE, PURPOSE: PURPOSE_READING, PROCESS: identify()}
    with idle_container(connection, name=name, image=image, labels=labels):
        yield name


def remove_forgotten_readers(connection: DockerConnection) -> None:
    """Remove containers that runs left which were killed while they read an image. Raises :class:`EngineError`."""
    labels = [f"{MANAGED_BY}={MANAGED_BY_VALUE}", f"{PURPOSE}={PURPOSE_READING}"]
    with translate_errors("list containers", subject=connection.host):
        answer = get(connection, "/containers/json", {"all": "1", "filters": json.dumps({"label": labels})})
        found = answer.read_list(ListedContainer)
    for entry in found:
        if is_forgotten(entry, now=connection.clock.theirs(datetime.now(UTC)).timestamp()):
            remove_container(connection, entry.id)


def is_forgotten(entry: ListedContainer, *, now: float) -> bool:
    """Whether the process that a listed container was made for is gone.

    Where that cannot be known (it is on another machine), one counts that is old at ``now``, in seconds by the
    engine.
    """
    if has_ended((entry.labels or {}).get(PROCESS, "")):
        return True
    return entry.created > 0 and now - entry.created > FORGOTTEN_AFTER


def _export(connection: DockerConnection, name: str, image: str) -> Iterator[bytes]:
    with translate_errors("read its files", subject=f"image {image}"):
        yield from connection.api.export(name, chunk_size=CHUNK_BYTES)


class ImageArchives:
    """Reads images out of an engine and puts them in."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection

    def save(self, image: str, *, cancellation: Cancellation) -> Generator[bytes, None, None]:
        """The archive of an image, in pieces; close the iterator to end it early.

        Raises :class:`EngineError`. An engine that goes away ends it short: its reader misses the manifest.
        """
        from previewer.docker_api.wire.sdk_wire import stream_body  # brings the SDK

        with translate_errors("read the image", subject=image):
            stream = stream_body(open_answer(self._connection, f"/images/{image}/get", {}))
        with reading(self._connection, stream, "read the image", cancellation):
            yield from stream
        cancellation.check()

    def load(self, archive: Iterator[bytes], *, subject: str, cancellation: Cancellation) -> None:
        """Put an archive's images into the engine. Raises :class:`EngineError` with the engine's words."""
        from previewer.docker_api.wire.sdk_wire import stream_body  # brings the SDK

        action = "load the image"
        with closing(self._connection.new_stream_client()) as client, translate_errors(action, subject=subject):
            answer = client.post(
                f"{client.base_url}/v{client.api_version}/images/load",
                data=_checked(archive, cancellation),
                params={"quiet": "1"},
                headers={"Content-Type": "application/x-tar"},
                stream=True,
                timeout=None,
            )
            stream = stream_body(answer)
            with reading(self._connection, stream, action, cancellation):
                told = b"".join(stream)
        cancellation.check()
        if (refused := _refusal(told)) or not answer.ok:
            raise refusal_error(action, subject, answer.status_code, refused)
        if not told.strip():
            ensure_alive(self._connection, action)


def _checked(pieces: Iterator[bytes], cancellation: Cancellation) -> Iterator[bytes]:
    for piece in pieces:
        cancellation.check()
        if piece:  # an empty chunk would end the body
            yield piece


class _Load(Struct):
    error: str = ""
    message: str = ""


def _refusal(told: bytes) -> str:
    """What went wrong, of the lines that a load answers, or of an error's body."""
    return next((text for said in read_objects([told], _Load) if (text := said.error or said.message)), "")
