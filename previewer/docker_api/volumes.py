"""Calls about volumes, their contents, and the folders of a volume that is laid over others."""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

from previewer.docker_api.answers import Container, Volume, Volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import copy_into
from previewer.docker_api.errors import NAME_HINT, translate_errors
from previewer.docker_api.image_files import idle_container, volume_mount
from previewer.docker_api.podman import unpack_patiently
from previewer.docker_api.reading import has_labels
from previewer.docker_api.request import (
    LIST_PATIENCE,
    container_path,
    delete,
    get,
    open_stream,
    post,
    volume_path,
)
from previewer.domain.compose.mounted_files import ROOT, FileOwner, find_owner, needs_names
from previewer.domain.engine.observation import ObservedVolume, observed_volume
from previewer.domain.engine.specs import FILL_FOLDER, UPPER, volume_of
from previewer.domain.json_value import JsonObject, as_object
from previewer.domain.labels import read_ownership
from previewer.domain.tar_pieces import open_tar
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError

ATTEMPTS_TO_REMOVE = 10
"""A container that another client removes releases its volumes a moment after it is gone from the list."""
PAUSE = 0.1


def list_volumes(connection: DockerConnection, labels: Sequence[str]) -> tuple[ObservedVolume, ...]:
    """Our volumes with all of ``labels`` (``key=value``), sorted by name."""
    found = [volume for entry in _list(connection, labels) if (volume := _read_volume(entry))]
    return tuple(sorted(found, key=lambda volume: volume.name))


def volume_labels(connection: DockerConnection, labels: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """All labels of the volumes with all of ``labels`` (``key=value``), by their names, sorted."""
    listed = {entry.name: entry.labels or {} for entry in _list(connection, labels)}
    return {name: listed[name] for name in sorted(listed)}


def _list(connection: DockerConnection, labels: Sequence[str]) -> Iterator[Volume]:
    with translate_errors("list volumes", subject=connection.host):
        parameters = {"filters": json.dumps({"label": list(labels)})}
        found = get(connection, "/volumes", parameters, patience=LIST_PATIENCE).read(Volumes)
    return (entry for entry in found.volumes or () if has_labels(entry.labels, labels))


def create_volume(connection: DockerConnection, *, name: str, body: JsonObject) -> None:
    """Make a volume from a raw body. Raises :class:`ConflictError` for a taken name.

    The engine itself answers with the volume that exists, possibly with foreign data: its labels tell.
    """
    subject = f"volume {name}"
    with translate_errors("create it", subject=subject):
        made = post(connection, "/volumes/create", body).read(Volume)
    if (made.labels or {}) != as_object(body.get("Labels")):
        raise ConflictError(
            "there is a volume of this name already, and it was not made for this", where=subject, hint=NAME_HINT
        )


def find_mountpoint(connection: DockerConnection, name: str) -> str:
    """Where a volume is on the engine's host. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"volume {name}"):
        return get(connection, volume_path(name)).read(Volume).mountpoint


def fill_volume(
    connection: DockerConnection,
    *,
    volume: str,
    image: str,
    labels: Mapping[str, str],
    user: str | None,
    archive: Callable[[FileOwner], Iterator[bytes]],
) -> None:
    """Unpack a tar stream into a volume, through a container of ``image`` that is never started.

    ``archive`` opens the stream each time that it is called, for the owner that ``user`` is in the image.
    Raises :class:`ObjectNotFoundError` where the volume or the image is not there.
    """
    subject = f"volume {volume}"
    with translate_errors("fill it", subject=subject):
        # The engine would make a volume that is not there, without a label.
        get(connection, volume_path(volume))
    name = f"{volume}-fill"

    mounts = [volume_mount(volume, f"/{FILL_FOLDER}")]
    with idle_container(connection, name=name, image=image, labels=labels, mounts=mounts):
        owner = ROOT if user is None else owner_in_container(connection, name, user)

        def unpack() -> None:
            with translate_errors("fill it", subject=subject):
                # Not at the volume's own place: engines leave the folder that they unpack in as it is.
                connection.api.put_archive(name, "/", archive(owner))

        unpack_patiently(unpack)


def remove_volume(connection: DockerConnection, name: str) -> None:
    """Remove it with what it holds; nothing happens if it is gone. :class:`ConflictError` while it is used."""
    for attempt in range(ATTEMPTS_TO_REMOVE):
        try:
            with translate_errors("remove it", subject=f"volume {name}"):
                delete(connection, volume_path(name))
            return
        except ObjectNotFoundError:
            return
        except ConflictError:
            if attempt == ATTEMPTS_TO_REMOVE - 1:
                raise
            time.sleep(PAUSE)


def _read_volume(entry: Volume) -> ObservedVolume | None:
    labels = entry.labels or {}
    ownership = read_ownership(labels)
    return None if ownership is None else observed_volume(entry.name, labels, ownership)


def read_volume(
    connection: DockerConnection, volume: str, *, image: str, labels: Mapping[str, str]
) -> Iterator[bytes]:
    """A tar stream of it as a folder :data:`FILL_FOLDER`, with owners and modes.

    Raises :class:`ObjectNotFoundError` where the volume is not there.
    """
    with translate_errors("read it", subject=f"volume {volume}"):
        connection.api.inspect_volume(volume)
    name = f"{volume}-read-{os.urandom(4).hex()}"
    mounts = [volume_mount(volume, f"/{FILL_FOLDER}", read_only=True)]
    with (
        idle_container(connection, name=name, image=image, labels=labels, mounts=mounts),
        translate_errors("read it", subject=f"volume {volume}"),
    ):
        chunks, _stat = connection.api.get_archive(name, f"/{FILL_FOLDER}")
        yield from chunks


MOST_BYTES = 1 << 20
"""Of a file of accounts: an image may hold anything under its name."""


def owner_in_container(connection: DockerConnection, container: str, user: str) -> FileOwner:
    """Whom ``user`` means in a container that was made; where it is empty, the image's own user."""
    if not user:
        with translate_errors("inspect it", subject=f"container {container}"):
            found = get(connection, container_path(container, "/json")).read(Container)
        user = found.config.user or "0:0"
    if not needs_names(user):
        return find_owner(user)
    return find_owner(
        user,
        _read_text(connection, container, "/etc/passwd"),
        _read_text(connection, container, "/etc/group") if ":" in user else "",
    )


def _read_text(connection: DockerConnection, container: str, path: str) -> str:
    """A small file of a container; empty where there is none."""
    whole = bytearray()
    try:
        with (
            translate_errors("read a file", subject=f"container {container}"),
            closing(open_stream(connection, container_path(container, "/archive"), {"path": path})) as pieces,
        ):
            for piece in pieces:
                whole += piece
                if len(whole) > MOST_BYTES:
                    return ""
        with tarfile.open(fileobj=io.BytesIO(bytes(whole))) as archive:
            file = archive.extractfile(entry) if (entry := archive.next()) is not None and entry.isreg() else None
            return file.read().decode("utf-8", "replace") if file is not None else ""
    except (ObjectNotFoundError, tarfile.TarError):
        return ""


_BELOW = ".previewer-below"


def make_clone_folders(
    connection: DockerConnection, *, own: str, below: str, image: str, labels: Mapping[str, str]
) -> None:
    """Give the volume ``own`` the two folders of an overlay whose root is owned as that of the layer ``below``.

    Raises :class:`ObjectNotFoundError` where the image is not there.
    """
    mounts = [
        volume_mount(own, f"/{FILL_FOLDER}"),
        volume_mount(volume_of(below), f"/{_BELOW}", read_only=True),
    ]
    with idle_container(connection, name=f"{own}-fill", image=image, labels=labels, mounts=mounts) as name:
        root = _read_folder(connection, name, f"/{_BELOW}{UPPER if below != volume_of(below) else ''}")
        copy_into(connection, container=name, archive=_folders(root))


def is_mountable(connection: DockerConnection, *, volume: str, image: str, labels: Mapping[str, str]) -> bool:
    """Whether the engine can mount a volume: it tries that only when something uses it."""
    mounts = [volume_mount(volume, f"/{FILL_FOLDER}")]
    with idle_container(connection, name=f"{volume}-probe", image=image, labels=labels, mounts=mounts) as name:
        try:
            _read_folder(connection, name, f"/{FILL_FOLDER}")
        except (EngineError, tarfile.TarError):
            return False
        return True


def _read_folder(connection: DockerConnection, container: str, path: str) -> tarfile.TarInfo:
    """What the engine says of a folder; nothing of what is in it is read."""
    with translate_errors("read its owner", subject=f"container {container}"):
        stream = open_stream(connection, container_path(container, "/archive"), {"path": path})
        try:
            found = open_tar(iter(stream)).next()
        finally:
            stream.close()
    if found is None:
        raise EngineError("the engine does not say whose it is", where=f"container {container}")
    return found


def _folders(root: tarfile.TarInfo) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, like in ((FILL_FOLDER, None), (f"{FILL_FOLDER}{UPPER}", root), (f"{FILL_FOLDER}/work", None)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            if like is not None:
                folder.mode, folder.uid, folder.gid, folder.mtime = like.mode, like.uid, like.gid, like.mtime
            archive.addfile(folder)
    return whole.getvalue()
