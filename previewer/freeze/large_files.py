"""Git LFS: a commit holds a pointer, the file itself is in a store beside the repository's objects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from previewer.domain.file_tree import FileTree, TreeEntry
from previewer.errors import FreezeError
from previewer.frozen import dataclass

POINTER_BYTES = 1024
"""Pointers are smaller (git-lfs, ``docs/spec.md``)."""
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What stands in a file's place."""

    digest: str
    """SHA-256 of the content, in hexadecimal."""
    size: int
    """Of the content, in bytes."""


def read_pointer(content: bytes) -> Pointer | None:
    """The pointer that a file is, by its unmistakable form; ``None`` for any other. No attribute is asked."""
    if len(content) >= POINTER_BYTES or (match := _POINTER.fullmatch(content)) is None:
        return None
    return Pointer(match[1].decode(), int(match[2]))


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
            "the Git LFS store holds something else than the commit names",
            where=entry.path,
            hint="git lfs fsck, then git lfs fetch --all",
        )
