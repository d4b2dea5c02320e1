"""Bring a layer into canonical form: the same files give the same bytes, whenever and wherever they were written.

Times are clamped to one constant, entries are sorted, owners have numbers only, and of the names of one file the
first is the file and the others are links to it. Compiled Python modules hold the time of their source: it is
clamped with it, so they stay valid.
"""

from __future__ import annotations

import hashlib
import posixpath
import struct
import tarfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from msgspec import Struct

from previewer.domain.cancellation import Cancellation
from previewer.domain.naming import SENT_DOCKERFILE
from previewer.freeze.canonical.layer_header import (
    CHARACTER,
    DEVICE,
    DIRECTORY,
    END,
    FIFO,
    HARD_LINK,
    REGULAR,
    SYMBOLIC_LINK,
    LayerEntry,
    padding,
    write_header,
)
from previewer.freeze.canonical.lower_layers import Folder, LowerLayers, is_whiteout

CANONICAL_TIME = 315_532_800
"""1980-01-01T00:00:00Z, the earliest that zip archives can say: no file of a built image is dated later.

Not the commit's time. Commits with equal inputs share an image, and an unchanged layer is shared by the images of
many commits: the time may depend on nothing but what is in the layer.
"""
PIECE_BYTES = 1 << 20
_XATTR = "SCHILY.xattr."
_KINDS = {
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.SYMTYPE: SYMBOLIC_LINK,
    tarfile.LNKTYPE: HARD_LINK,
    tarfile.CHRTYPE: CHARACTER,
    tarfile.BLKTYPE: DEVICE,
    tarfile.FIFOTYPE: FIFO,
}
_PYC_HEADER = struct.Struct("<4sII")
"""Magic number, flags, and, where the flags are 0, the time of the source (PEP 552)."""


class _Item(Struct, frozen=True):
    """A canonical entry, and the archive's member that holds its content."""

    entry: LayerEntry
    content: tarfile.TarInfo | None = None


def rewrite_layer(source: BinaryIO, target: BinaryIO, *, lower: LowerLayers, cancellation: Cancellation) -> str:
    """Write the canonical form of the layer ``source`` (a seekable tar) to ``target``; its diff id.

    ``lower`` is what is below, and grows by this layer. Raises :class:`ValueError` for what is no layer.
    """
    writer = _HashedWriter(target)
    try:
        with tarfile.open(fileobj=source, mode="r:", errorlevel=1) as archive:
            members = _members(archive)
            _leave_out_untouched(members, lower)
            _put(members, lower)
            for item in _canonical_items(members):
                cancellation.check()
                writer.write(write_header(item.entry))
                if item.content is not None:
                    for piece in _content(archive, item.content, lower):
                        writer.write(piece)
                    writer.write(padding(item.entry.size))
    except tarfile.TarError as error:
        raise ValueError(f"not a layer: {error}") from error
    writer.write(END)
    return writer.digest


class _HashedWriter:
    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, piece: bytes) -> None:
        self._target.write(piece)
        self._hash.update(piece)


def _members(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """Members by path; the last of several with one path counts, as it does when they are unpacked."""
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        path = _plain(member.name)
        if posixpath.basename(path) == SENT_DOCKERFILE:
            continue  # `COPY . .` takes along what the builder was sent; the commit has no such file
        members.pop(path, None)
        members[path] = member
    return members


def _leave_out_untouched(members: dict[str, tarfile.TarInfo], lower: LowerLayers) -> None:
    """Folders that are as they were below, with nothing in them that is not.

    A file that came and went leaves its folder in the layers of some stores and not of others.
    """
    parents = {posixpath.dirname(path) for path in members}
    for path, member in list(members.items()):
        is_bare = member.isdir() and path not in parents and not _attributes(member)
        if is_bare and lower.folder(path) == _folder(member):
            del members[path]


def _put(members: Mapping[str, tarfile.TarInfo], lower: LowerLayers) -> None:
    for path in filter(is_whiteout, members):
        lower.hide(path)
    for path, member in members.items():
        if not is_whiteout(path):
            lower.put(path, _folder(member) if member.isdir() else None)


def _folder(member: tarfile.TarInfo) -> Folder:
    return Folder(member.mode & 0o7777, member.uid, member.gid)


def _attributes(member: tarfile.TarInfo) -> dict[bytes, bytes]:
    return {_bytes(key): _bytes(value) for key, value in member.pax_headers.items() if key.startswith(_XATTR)}


def _plain(name: str) -> str:
    plain = posixpath.normpath(name.lstrip("/"))
    return plain if plain == "." else plain.removeprefix("./")


def _canonical_items(members: Mapping[str, tarfile.TarInfo]) -> Iterator[_Item]:
    """Folders before what is in them; a link to a file after the file."""
    first_names = _first_names(members)
    links = []
    for path in sorted(members, key=lambda path: path.encode("utf-8", "surrogateescape").split(b"/")):
        member = members[path]
        real = _real(members, path)
        if real is None:
            yield _Item(_entry(path, member))
        elif first_names[real] == path:
            content = members[real]
            yield _Item(_entry(path, content), content)
        else:
            links.append(_Item(_entry(path, members[real], link=first_names[real])))
    yield from links


def _real(members: Mapping[str, tarfile.TarInfo], path: str) -> str | None:
    """The path of the member that holds the file's content; ``None`` for what is no regular file.

    A link to something that is not in the layer stays one.
    """
    seen = set()
    while members[path].islnk() and path not in seen:
        seen.add(path)
        linked = _plain(members[path].linkname)
        if linked not in members:
            return None
        path = linked
    return path if members[path].isreg() else None


def _first_names(members: Mapping[str, tarfile.TarInfo]) -> dict[str, str]:
    """The first of a file's names, by the member with the content."""
    names: dict[str, str] = {}
    for path in members:
        real = _real(members, path)
        if real is not None:
            names[real] = min(names.get(real, path), path)
    return names


def _entry(path: str, member: tarfile.TarInfo, *, link: str = "") -> LayerEntry:
    kind = HARD_LINK if link else _KINDS.get(member.type, REGULAR)
    says_gone = is_whiteout(path)
    return LayerEntry(
        path=_bytes(path),
        kind=kind,
        # What a whiteout is owned by, no two engines agree on, and nothing comes of it.
        mode=0o600 if says_gone else member.mode,
        uid=0 if says_gone else member.uid,
        gid=0 if says_gone else member.gid,
        mtime=CANONICAL_TIME if says_gone else _clamped(member.mtime),
        size=member.size if kind == REGULAR else 0,
        link=_bytes(link or (member.linkname if kind in (SYMBOLIC_LINK, HARD_LINK) else "")),
        device=(member.devmajor, member.devminor) if kind in (CHARACTER, DEVICE) else (0, 0),
        attributes={} if kind == HARD_LINK else _attributes(member),
    )


def _clamped(timestamp: float) -> int:
    return max(0, min(int(timestamp), CANONICAL_TIME))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, lower: LowerLayers) -> Iterator[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"not a layer: {member.name} has no content")
    with file:
        piece = file.read(PIECE_BYTES)
        if member.name.endswith(".pyc") and _source_of(_plain(member.name)) in lower:
            piece = _clamp_module(piece)
        while piece:
            yield piece
            piece = file.read(PIECE_BYTES)


def _source_of(path: str) -> str:
    """The Python module that ``a/__pycache__/b.cpython-313.pyc`` was compiled from (PEP 3147)."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) != "__pycache__":
        return path.removesuffix("c")
    return posixpath.join(posixpath.dirname(folder), name.partition(".")[0] + ".py")


def _clamp_module(head: bytes) -> bytes:
    if len(head) < _PYC_HEADER.size:
        return head
    magic, flags, timestamp = _PYC_HEADER.unpack_from(head)
    if flags != 0:
        return head
    return _PYC_HEADER.pack(magic, flags, min(timestamp, CANONICAL_TIME)) + head[_PYC_HEADER.size :]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
