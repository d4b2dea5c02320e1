"""A commit's files as a tar stream, Git LFS files included."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from types import MappingProxyType

from previewer.domain.commit.files import (
    EntryKind,
    FileTree,
    Pointer,
    TreeEntry,
    folders_above,
    is_ciphertext,
    is_declared,
    read_pointer,
)
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.mounted_files import ROOT, FileOwner
from previewer.errors import FreezeError


def stream_large_file(tree: FileTree, entry: TreeEntry, pointer: Pointer) -> Iterator[bytes]:
    """The content that ``pointer``, which is at ``entry``, means.

    Raises :class:`FreezeError` where this machine has not fetched it, or holds something else in its place.
    """
    pieces = tree.large_file(pointer.digest)
    if pieces is None:
        raise FreezeError(
            "the commit holds a Git LFS pointer, and the file is not on this machine",
            where=entry.path,
            hint="fetch it: git lfs fetch --all; or keep it out with .dockerignore",
        )
    seen, size = hashlib.sha256(), 0
    for piece in pieces:
        seen.update(piece)
        size += len(piece)
        if size <= pointer.size:
            yield piece
    if size != pointer.size or seen.hexdigest() != pointer.digest:
        raise FreezeError(
            "the object in the Git LFS store is not the one that the commit names",
            where=entry.path,
            hint="git lfs fsck, then git lfs fetch --all",
        )


PIECE_BYTES = 256 << 10
"""The stream comes in pieces of at least this size, but for the last."""
Header = Callable[..., bytes]
"""Makes the header of an entry: its path, and what is not as in any other."""
LARGE_BYTES = 4 << 20
"""Blobs above this are streamed in pieces, not held."""
END = bytes(2 * tarfile.BLOCKSIZE)


def archive_tree(
    tree: FileTree,
    sources: Mapping[str, str],
    *,
    commit_time: int,
    below: str = "",
    owner: FileOwner = ROOT,
    mount_points: Mapping[str, bool] = MappingProxyType({}),
) -> Iterator[bytes]:
    """Every file at or below ``sources``, which are paths of the tree by the place that they get.

    All of it is in the folder ``below``, and belongs to ``owner``. ``mount_points`` are further places; where
    nothing is, an empty file is made if they say so, else an empty folder. See :func:`archive_entries`.
    """
    tree = tree.with_submodules
    entries: dict[str, TreeEntry] = {}
    # Folders come before what is in them, so that a link in one gives way to the same path as a source of its own.
    for place, source in sorted(sources.items()):
        # A source that is a symbolic link is served as what it leads to, under the name that was asked for.
        real = tree.resolve(source)
        for entry in tree.below(source):
            rest = entry.path[len(real) :].lstrip("/")
            entries["/".join(filter(None, (below, place, rest)))] = entry
    points = {"/".join(filter(None, (below, place))): is_file for place, is_file in mount_points.items()}
    if below:
        points[below] = False
    return _gather(_archive_all(tree, entries.items(), commit_time, owner=owner, empty=points))


def archive_entries(
    tree: FileTree, entries: Iterable[tuple[str, TreeEntry]], *, commit_time: int, takes_ciphertext: bool = True
) -> Iterator[bytes]:
    """A tar stream of ``entries`` under the given paths: sorted, owned by root, dated ``commit_time``.

    ``commit_time`` is in seconds since the epoch. Symbolic links stay links. The format is GNU tar's, which takes
    names of any length and any bytes. In the place of a Git LFS pointer stands the file. Raises
    :class:`FreezeError` for a submodule or a large file that this machine has not, and for what git-crypt has
    encrypted unless ``takes_ciphertext``. A submodule that no ``.gitmodules`` names is an empty folder.
    """
    return _gather(_archive_all(tree, entries, commit_time, takes_ciphertext=takes_ciphertext))


def _archive_all(
    tree: FileTree,
    entries: Iterable[tuple[str, TreeEntry]],
    commit_time: int,
    *,
    takes_ciphertext: bool = True,
    owner: FileOwner = ROOT,
    empty: Mapping[str, bool] = MappingProxyType({}),
) -> Iterator[bytes]:
    header = partial(_header, mtime=commit_time, uid=owner.uid, gid=owner.gid)
    made: set[str] = set()

    def folders(path: str) -> Iterator[bytes]:
        for folder in reversed([above for above in folders_above(path) if above not in made]):
            made.add(folder)
            yield header(folder, kind=tarfile.DIRTYPE, mode=0o755)

    for path, entry in sorted(entries, key=itemgetter(0)):
        yield from folders(path)
        made.add(path)
        pieces = _archive_entry(tree, path, entry, header)
        yield from pieces if takes_ciphertext else _refuse_ciphertext(pieces, entry)
    for path, is_file in sorted(empty.items()):
        if path not in made:
            yield from folders(path)
            made.add(path)
            yield header(path) if is_file else header(path, kind=tarfile.DIRTYPE, mode=0o755)
    yield END


def _gather(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces: each one that is yielded costs a system call or two on its way to the engine."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def archive_file(
    path: str, content: bytes, *, commit_time: int, mode: int = 0o644, uid: int = 0, gid: int = 0
) -> bytes:
    """One file as the beginning of a tar stream."""
    header = _header(path, mtime=commit_time, size=len(content), mode=mode, uid=uid, gid=gid)
    return header + content + _padding(len(content))


def absent_submodule(entry: TreeEntry, *, otherwise: str = "") -> FreezeError:
    """The error for a submodule that this machine has not; ``otherwise`` says what else would help."""
    fetch = f"fetch it: git submodule update --init --recursive {entry.path}"
    return FreezeError(
        f"a submodule's commit {short_id(entry.object_id)} is not on this machine",
        where=entry.path,
        hint=f"{fetch}; or {otherwise}" if otherwise else fetch,
    )


def _refuse_ciphertext(pieces: Iterable[bytes], entry: TreeEntry) -> Iterator[bytes]:
    """The same pieces, the first of which is a header and the second the file's beginning."""
    for number, piece in enumerate(pieces):
        if number == 1 and is_ciphertext(piece):
            raise FreezeError(
                "this file is encrypted by git-crypt, so the image would hold ciphertext",
                where=entry.path,
                hint="keep it out with .dockerignore, or set x-previewer.freeze.encrypted_files to true",
            )
        yield piece


def _archive_entry(tree: FileTree, path: str, entry: TreeEntry, header: Header) -> Iterator[bytes]:
    if entry.kind is EntryKind.SUBMODULE:
        if is_declared(tree, entry):
            raise absent_submodule(entry)
        yield header(path, kind=tarfile.DIRTYPE, mode=0o755)
        return
    if entry.kind is EntryKind.SYMLINK:
        target = tree.read_entry(entry).decode("utf-8", "surrogateescape")
        yield header(path, kind=tarfile.SYMTYPE, mode=0o777, link=target)
        return
    mode = 0o755 if entry.kind is EntryKind.EXECUTABLE else 0o644
    if entry.size is not None and entry.size > LARGE_BYTES:
        yield header(path, size=entry.size, mode=mode)
        yield from tree.stream_entry(entry)
        yield _padding(entry.size)
        return
    content = tree.read_entry(entry)
    if (pointer := read_pointer(content)) is not None:
        yield header(path, size=pointer.size, mode=mode)
        yield from stream_large_file(tree, entry, pointer)
        yield _padding(pointer.size)
        return
    yield header(path, size=len(content), mode=mode)
    yield content
    yield _padding(len(content))


def _header(
    path: str,
    *,
    mtime: int,
    size: int = 0,
    mode: int = 0o644,
    kind: bytes = tarfile.REGTYPE,
    link: str = "",
    uid: int = 0,
    gid: int = 0,
) -> bytes:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode, entry.mtime, entry.type, entry.linkname = size, mode, mtime, kind, link
    entry.uid, entry.gid = uid, gid
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
