"""Whether any reference may have changed, by looking at files' times only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

PLACES = ("refs/heads", "refs/remotes", "reftable")
"""Below the repository's common folder: loose references, and the tables that may stand in their place."""
FILES = ("packed-refs", "HEAD")


def references_stamp(folder: Path) -> str:
    """A digest of the times and sizes of all files that hold references.

    Git writes a reference into a new file and renames it, so that each change has another time and inode.
    """
    digest = hashlib.sha256()
    for path in _files(folder):
        try:
            status = path.stat()
        except OSError:  # removed while we look: the next look sees that
            continue
        digest.update(
            f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0{status.st_ino}\n".encode("utf-8", "replace")
        )
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in FILES)
    for place in PLACES:
        for parent, folders, files in os.walk(folder / place):
            folders.sort()
            yield from (Path(parent, name) for name in sorted(files))
