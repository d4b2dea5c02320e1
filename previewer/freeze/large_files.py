"""Git LFS: a commit holds a pointer, the file itself is in a store beside the repository's objects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from previewer.domain.file_tree import FileTree, TreeEntry
from previewer.domain.stand_ins import Pointer
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
            "the Git LFS store holds something else than the commit names",
            where=entry.path,
            hint="git lfs fsck, then git lfs fetch --all",
        )
