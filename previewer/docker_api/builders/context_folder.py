"""A build context as a folder, for buildx, which takes no stream beside further contexts."""

from __future__ import annotations

import os
import posixpath
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import folders_above
from previewer.domain.tar_pieces import open_tar

PREFIX = "previewer-build-"
"""Of build folders, before the number of the process that made it."""
SHORTEST_REST = 3600
"""Seconds before a folder may be removed: containers that share one have process numbers of their own."""


def unpack_context(stream: Iterator[bytes], folder: Path, cancellation: Cancellation) -> None:
    """Write the files of a tar stream of ours (files, folders, symbolic links) below ``folder``, times included.

    A name that leaves the folder is refused, and so is one below a link: git makes no such tree, but whatever
    writes its objects by hand can. Raises :class:`ValueError` for that, and what reading the stream raises.
    """
    folder.mkdir(parents=True)
    links: set[str] = set()
    with open_tar(stream) as archive:
        for entry in archive:
            cancellation.check()
            if entry.name.startswith("/") or ".." in entry.name.split("/"):
                raise ValueError(f"{entry.name} leaves the build context")
            name = posixpath.normpath(entry.name)
            path = folder / name
            # Some file systems take two spellings for one name.
            if path.is_symlink() or any(parent in links for parent in (name, *folders_above(name))):
                raise ValueError(f"{entry.name} is at or below a symbolic link")
            if entry.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif entry.issym():
                path.symlink_to(entry.linkname)
                links.add(name)
            elif (content := archive.extractfile(entry)) is not None:
                with content, path.open("xb") as file:
                    shutil.copyfileobj(content, file)
                path.chmod(entry.mode)
            os.utime(path, (entry.mtime, entry.mtime), follow_symlinks=False)


@contextmanager
def build_folder() -> Iterator[Path]:
    """A folder for one build. Those of processes that were killed are removed first."""
    for path in Path(gettempdir()).glob(f"{PREFIX}*"):
        number = path.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):  # another process may be removing it
            is_old = time.time() - path.stat().st_mtime > SHORTEST_REST
            if number.isdecimal() and is_old and not _lives(int(number)):
                shutil.rmtree(path, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _lives(number: int) -> bool:
    """Whether a process may live. Where that can't be asked, it does: Windows ends processes that are asked so."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number as large as that
        return False
    except PermissionError:
        return True
    return True
