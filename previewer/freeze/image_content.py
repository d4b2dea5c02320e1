"""Read what is in an image, to compare it."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator

from previewer.domain.cancellation import Cancellation
from previewer.domain.image_comparison import ImageContent, ImageFile
from previewer.domain.tar_pieces import open_tar
from previewer.errors import FreezeError
from previewer.freeze.protocol import Images

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
