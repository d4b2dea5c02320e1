"""The files that a release serves as a tar archive: readable by any tool, the same bytes for the same files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

from previewer.domain.file_tree import EntryKind, FileTree, TreeEntry, blob_id, folders_above
from previewer.domain.revision import is_object_id
from previewer.errors import RegistryError

MODES = {EntryKind.FILE: 0o644, EntryKind.EXECUTABLE: 0o755, EntryKind.SYMLINK: 0o777, EntryKind.SUBMODULE: 0o755}
TYPES = {EntryKind.SYMLINK: tarfile.SYMTYPE, EntryKind.SUBMODULE: tarfile.DIRTYPE}
MAX_ENTRIES = 100_000


def write_archive(tree: FileTree) -> bytes:
    """All entries of ``tree``, by path. A submodule is an empty folder with its commit as the link's target."""
    written = io.BytesIO()
    with tarfile.open(
        fileobj=written, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for entry in sorted(tree, key=lambda entry: entry.path):
            content = b"" if entry.kind is EntryKind.SUBMODULE else tree.read_entry(entry)
            header = tarfile.TarInfo(entry.path)
            header.mode, header.type = MODES[entry.kind], TYPES.get(entry.kind, tarfile.REGTYPE)
            if entry.kind is EntryKind.SUBMODULE:
                header.linkname = entry.object_id
            elif entry.kind is EntryKind.SYMLINK:
                header.linkname = content.decode("utf-8", "surrogateescape")
            else:
                header.size = len(content)
            tar.addfile(header, io.BytesIO(content) if header.isreg() else None)
    return written.getvalue()


def read_archive(archive: bytes, *, id_length: int) -> FileTree:
    """The tree that :func:`write_archive` wrote; ``id_length`` is that of git's ids in its repository (40 or 64).

    Ids of blobs are computed from what is there. Raises :class:`RegistryError` for anything else than such an
    archive: paths that leave it, devices, two entries of one name, files that are longer than the archive.
    """
    entries: dict[str, TreeEntry] = {}
    contents: dict[str, bytes] = {}
    try:
        for header, content in _members(archive):
            entry = _entry(header, content, id_length)
            if entry.path in entries or len(entries) >= MAX_ENTRIES:
                raise RegistryError("the release's files are no archive of ours", where=entry.path)
            entries[entry.path] = entry
            contents[entry.object_id] = content
    except (tarfile.TarError, EOFError, RecursionError) as error:
        raise RegistryError(f"the release's files are no archive: {error}") from error
    below = {parent for path in entries for parent in folders_above(path)}
    if mixed := sorted(below & entries.keys()):
        raise RegistryError("the release's files have a file that is a folder too", where=mixed[0])
    return FileTree(entries.values(), contents.__getitem__)


def _members(archive: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
        for header in tar:
            if header.sparse is not None or header.size > len(archive):
                raise RegistryError(
                    "the release's files say that they are longer than they are", where=header.name
                )
            file = tar.extractfile(header) if header.isreg() else None
            yield header, file.read() if file else header.linkname.encode("utf-8", "surrogateescape")


def _entry(header: tarfile.TarInfo, content: bytes, id_length: int) -> TreeEntry:
    parts = header.name.split("/")
    if any(part in ("", ".", "..") or part.lower() == ".git" or "\0" in part for part in parts):
        raise RegistryError("the release's files have a path that no commit can have", where=header.name)
    if header.isdir() and is_object_id(header.linkname):
        return TreeEntry(header.name, EntryKind.SUBMODULE, header.linkname)
    if header.issym():
        return TreeEntry(header.name, EntryKind.SYMLINK, blob_id(content, id_length=id_length))
    if not header.isreg():
        raise RegistryError("the release's files hold what no commit can hold", where=header.name)
    kind = EntryKind.EXECUTABLE if header.mode & 0o100 else EntryKind.FILE
    return TreeEntry(header.name, kind, blob_id(content, id_length=id_length), len(content))
