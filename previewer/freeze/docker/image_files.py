"""The files of an image: single paths of a build's base, and all of them for a comparison."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from enum import Enum
from types import TracebackType
from typing import Self

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.container_files import FOLDER, LINK, folder_owner, path_mode
from previewer.docker_api.image_files import reading_container
from previewer.domain.cancellation import Cancellation
from previewer.domain.release.image_comparison import ImageContent, ImageFile
from previewer.domain.tar_pieces import open_tar
from previewer.errors import FreezeError
from previewer.freeze.canonical.lower_layers import Folder
from previewer.freeze.protocol import Images

EMPTY_ROOT = Folder(0o755, 0, 0)


class Found(Enum):
    """What is at a path of an image."""

    NOTHING = "nothing"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class BaseFiles:
    """The container is made for the first question and removed at the end."""

    def __init__(self, connection: DockerConnection, bases: Sequence[str]) -> None:
        """``bases`` is the config digest of the base, or nothing for an image without one."""
        self._connection = connection
        self._bases = bases
        self._containers = ExitStack()
        self._name: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._containers.close()

    def found(self, path: str) -> Found:
        """What is at an absolute path. Raises :class:`EngineError`."""
        if not self._bases:
            return Found.NOTHING
        mode = path_mode(self._connection, self._container, path)
        if mode is None:
            return Found.NOTHING
        return Found.FOLDER if mode & FOLDER else Found.LINK if mode & LINK else Found.OTHER

    def folder(self, path: str) -> Folder | None:
        """The folder at a path from the root, if one is there. Raises :class:`EngineError`."""
        if not self._bases:
            return None if path else EMPTY_ROOT
        owner = folder_owner(self._connection, self._container, f"/{path}")
        return None if owner is None else Folder(*owner)

    @property
    def _container(self) -> str:
        if self._name is None:
            self._name = self._containers.enter_context(reading_container(self._connection, image=self._bases[0]))
        return self._name


PIECE_BYTES = 1 << 20


def read_content(images: Images, image: str, cancellation: Cancellation) -> ImageContent:
    """The files and the configuration of an image (config digest).

    Raises :class:`ObjectNotFoundError` where the engine has no such image, :class:`FreezeError` for files that
    cannot be read.
    """
    try:
        with images.files_of(image) as pieces:
            files = dict(_read_files(pieces, cancellation))
    except tarfile.TarError as error:
        raise FreezeError(f"the image's files cannot be read: {error}", where=image) from error
    return ImageContent(files, images.configuration(image))


def _read_files(pieces: Iterator[bytes], cancellation: Cancellation) -> Iterator[tuple[str, ImageFile]]:
    digests: dict[str, str] = {}
    with open_tar(pieces) as archive:
        for member in archive:
            cancellation.check()
            path = member.name.strip("/").removeprefix("./")
            if member.isreg():
                digests[path] = _digest(archive, member)
            # Of several names of one file the first has the content.
            content = digests.get(member.linkname.strip("/"), "") if member.islnk() else digests.get(path, "")
            yield path, _image_file(member, content)


def _image_file(member: tarfile.TarInfo, content: str) -> ImageFile:
    owner = (member.mode & 0o7777, member.uid, member.gid)
    if member.isreg() or member.islnk():
        return ImageFile("file", *owner, content)
    if member.isdir():
        return ImageFile("folder", *owner)
    if member.issym():
        return ImageFile("link", *owner, member.linkname)
    return ImageFile("special", *owner, f"{member.type.decode()} {member.devmajor}:{member.devminor}")


def _digest(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    digest = hashlib.sha256()
    file = archive.extractfile(member)
    while file is not None and (piece := file.read(PIECE_BYTES)):
        digest.update(piece)
    return digest.hexdigest()
