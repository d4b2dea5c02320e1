"""The folders in which a volume takes what is written over others, made through a container that never starts."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import copy_into
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.image_files import idle_container, volume_mount
from previewer.docker_api.request import container_path, open_stream
from previewer.domain.engine.specs import FILL_FOLDER, UPPER, volume_of
from previewer.domain.tar_pieces import open_tar
from previewer.errors import EngineError

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
