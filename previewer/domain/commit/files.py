"""A commit's files, as git stores them: the only file system that definitions and build contexts are read from."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from previewer.errors import NotFoundError, OutsideTreeError

SHA1_DIGITS = 40
MAX_SYMLINK_HOPS = 40
"""The links that Linux follows before it answers ELOOP."""


class EntryKind(Enum):
    """What git says an entry of a tree is; the value is git's file mode."""

    FILE = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"
    SUBMODULE = "160000"


class TreeEntry(Struct, frozen=True):
    """One file, symbolic link or submodule of a commit."""

    path: str
    """The path from the tree's root, with ``/``; bytes that are not UTF-8 are surrogate-escaped."""
    kind: EntryKind
    object_id: str
    """Git's id of the blob, or of the submodule's commit."""
    size: int | None = None
    """Bytes; ``None`` for a submodule or where it is not known."""


class ExternalFiles(Protocol):
    """What a commit only names, and this machine may have."""

    def large_file(self, digest: str) -> Iterator[bytes] | None:
        """The content of a Git LFS object, by its SHA-256 in hexadecimal; ``None`` where it is not here."""
        ...

    def submodule(self, tree: FileTree, entry: TreeEntry) -> FileTree | None:
        """The files of a submodule of ``tree``; ``None`` where its commit is not here."""
        ...


class FileTree:
    """The files of one commit. Symbolic links are followed inside the tree; nothing outside it can be named.

    Paths are relative to the root, with ``/`` between parts; ``''`` and ``'.'`` are the root itself.
    """

    def __init__(
        self,
        entries: Iterable[TreeEntry],
        read_object: Callable[[str], bytes],
        stream_object: Callable[[str], Iterator[bytes]] | None = None,
        external_files: ExternalFiles | None = None,
    ) -> None:
        """``read_object`` returns a blob's content, given its object id; ``stream_object`` gives it in pieces.

        Without ``external_files``, no large file and no submodule is on this machine.
        """
        self._entries: Mapping[str, TreeEntry] = {entry.path: entry for entry in entries}
        self._read_object = read_object
        self._stream_object = stream_object or (lambda object_id: iter((read_object(object_id),)))
        self._external_files = external_files

    def __iter__(self) -> Iterator[TreeEntry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @cached_property
    def _directories(self) -> frozenset[str]:
        directories = {""}
        for path in self._entries:
            parent = posixpath.dirname(path)
            while parent not in directories:
                directories.add(parent)
                parent = posixpath.dirname(parent)
        return frozenset(directories)

    def resolve(self, path: str) -> str:
        """Where ``path`` leads once ``.``, ``..`` and symbolic links are followed. It need not exist.

        Raises :class:`OutsideTreeError` where it would leave the tree, or for a loop of links.
        """
        return self._follow(path, [])

    def followed(self, path: str) -> tuple[TreeEntry, ...]:
        """The symbolic links that :meth:`resolve` follows on the way, in that order. Raises what it raises."""
        links: list[TreeEntry] = []
        self._follow(path, links)
        return tuple(links)

    def _follow(self, path: str, links: list[TreeEntry]) -> str:
        if path.startswith("/"):
            raise OutsideTreeError("an absolute path is not part of the commit", where=path)
        pending = path.split("/")[::-1]
        reached: list[str] = []
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not reached:
                    raise OutsideTreeError("this path leads out of the commit's tree", where=path)
                reached.pop()
                continue
            reached.append(part)
            entry = self._entries.get("/".join(reached))
            if entry is None or entry.kind is not EntryKind.SYMLINK:
                continue
            links.append(entry)
            target = self._read_object(entry.object_id).decode("utf-8", "surrogateescape")
            if len(links) > MAX_SYMLINK_HOPS or target.startswith("/"):
                raise OutsideTreeError(
                    f"the symbolic link {entry.path} leads out of the commit's tree or in a circle",
                    where=path,
                )
            reached.pop()
            pending.extend(target.split("/")[::-1])
        return "/".join(reached)

    def entry(self, path: str) -> TreeEntry | None:
        """The file or submodule at ``path``, links followed; ``None`` where there is none or it is a directory."""
        return self._entries.get(self.resolve(path))

    def is_file(self, path: str) -> bool:
        """Whether a readable file is at ``path``."""
        entry = self.entry(path)
        return entry is not None and entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE)

    def is_directory(self, path: str) -> bool:
        """Whether ``path`` is a directory that holds at least one entry (git keeps no empty ones)."""
        return self.resolve(path) in self._directories

    def read(self, path: str, *, limit: int | None = None) -> bytes:
        """The content of the file at ``path``.

        Raises :class:`NotFoundError` where no file is there, or where it is larger than ``limit`` bytes.
        """
        entry = self.entry(path)
        if entry is None or entry.kind is EntryKind.SUBMODULE:
            raise NotFoundError("no such file in the commit", where=path)
        if limit is not None and entry.size is not None and entry.size > limit:
            raise NotFoundError(f"the file has {entry.size} bytes, at most {limit} are read", where=path)
        return self._read_object(entry.object_id)

    def read_entry(self, entry: TreeEntry) -> bytes:
        """The content of ``entry`` itself: a link's target for a symbolic link."""
        return self._read_object(entry.object_id)

    def read_object(self, object_id: str) -> bytes:
        """The content of a blob, by its id."""
        return self._read_object(object_id)

    def stream_object(self, object_id: str) -> Iterator[bytes]:
        """The content of a blob in pieces, by its id."""
        return self._stream_object(object_id)

    def stream_entry(self, entry: TreeEntry) -> Iterator[bytes]:
        """The content of ``entry`` in pieces, for files that are too large to hold."""
        return self._stream_object(entry.object_id)

    def large_file(self, digest: str) -> Iterator[bytes] | None:
        """The content of a Git LFS object, by its SHA-256; ``None`` where it is not on this machine."""
        return self._external_files.large_file(digest) if self._external_files is not None else None

    @cached_property
    def with_submodules(self) -> FileTree:
        """This tree with the files of submodules in their place, as far as their commits are on this machine."""
        submodules = {
            entry.path: submodule.with_submodules
            for entry in self
            if entry.kind is EntryKind.SUBMODULE
            and self._external_files is not None
            and (submodule := self._external_files.submodule(self, entry)) is not None
        }
        return _join(self, submodules) if submodules else self

    def with_files(self, texts: Mapping[str, str]) -> FileTree:
        """This tree with further files, or others of their names."""
        added = {f"text of {path}": text.encode() for path, text in texts.items()}
        entries = [entry for entry in self if entry.path not in texts]
        entries += [TreeEntry(path, EntryKind.FILE, f"text of {path}", len(text)) for path, text in texts.items()]

        def read(object_id: str) -> bytes:
            return added[object_id] if object_id in added else self._read_object(object_id)

        def stream(object_id: str) -> Iterator[bytes]:
            return iter((added[object_id],)) if object_id in added else self._stream_object(object_id)

        return FileTree(entries, read, stream, self._external_files)

    def list_directory(self, path: str) -> tuple[str, ...]:
        """The names directly in the directory ``path``, sorted; empty where it does not exist."""
        directory = self.resolve(path)
        prefix = f"{directory}/" if directory else ""
        names = {entry[len(prefix) :].split("/", 1)[0] for entry in self._entries if entry.startswith(prefix)}
        return tuple(sorted(names))

    def below(self, path: str) -> Iterator[TreeEntry]:
        """All entries at or under ``path``, in git's order, with their full paths and links not followed."""
        directory = self.resolve(path)
        prefix = f"{directory}/" if directory else ""
        return (e for e in self._entries.values() if e.path == directory or e.path.startswith(prefix))


def blob_id(content: bytes, *, id_length: int = SHA1_DIGITS) -> str:
    """What git calls a file's content (git-hash-object(1)), where its ids have so many digits."""
    whole = b"blob %d\0" % len(content) + content
    if id_length == SHA1_DIGITS:
        return hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    return hashlib.sha256(whole).hexdigest()


def folders_above(path: str) -> Iterator[str]:
    """The folders that hold ``path``, the innermost first; the root is not among them."""
    while path := posixpath.dirname(path).rstrip("/"):
        yield path


def _join(outer: FileTree, inner: Mapping[str, FileTree]) -> FileTree:
    """``outer`` with the trees of ``inner`` at their paths. A blob is read from a tree that has it."""
    entries = [entry for entry in outer if entry.path not in inner]
    owners: dict[str, FileTree] = {}
    for path, tree in inner.items():
        entries += [replace(entry, path=f"{path}/{entry.path}") for entry in tree]
        owners |= {entry.object_id: tree for entry in tree}

    def owner(object_id: str) -> FileTree:
        return owners.get(object_id, outer)

    return FileTree(
        entries,
        lambda object_id: owner(object_id).read_object(object_id),
        lambda object_id: owner(object_id).stream_object(object_id),
        _Several((outer, *inner.values())),
    )


class _Several:
    """Where any of several trees would look. Submodules that are still entries have been looked for."""

    def __init__(self, trees: tuple[FileTree, ...]) -> None:
        self._trees = trees

    def large_file(self, digest: str) -> Iterator[bytes] | None:
        files = (tree.large_file(digest) for tree in self._trees)
        return next((content for content in files if content is not None), None)

    def submodule(self, tree: FileTree, entry: TreeEntry) -> FileTree | None:
        del tree, entry
        return None


POINTER_BYTES = 1024
"""Pointers are smaller (git-lfs, ``docs/spec.md``)."""
CIPHERTEXT = b"\0GITCRYPT\0"
"""Begins each file that git-crypt has encrypted."""
MODULES_FILE = ".gitmodules"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_MODULE_PATH = re.compile(r'^\s*path\s*=\s*"?(.+?)"?\s*$', re.MULTILINE | re.IGNORECASE)


class Pointer(Struct, frozen=True):
    """What stands in a large file's place."""

    digest: str
    """SHA-256 of the content, in hexadecimal."""
    size: int
    """The size of the content, in bytes."""


def read_pointer(content: bytes) -> Pointer | None:
    """The pointer that a file is, by its unmistakable form; ``None`` for any other. No attribute is asked."""
    if len(content) >= POINTER_BYTES or (match := _POINTER.fullmatch(content)) is None:
        return None
    return Pointer(match[1].decode(), int(match[2]))


def is_ciphertext(content: bytes) -> bool:
    """Whether a file (or its beginning) is what git-crypt made of it."""
    return content.startswith(CIPHERTEXT)


def is_declared(tree: FileTree, submodule: TreeEntry) -> bool:
    """Whether a ``.gitmodules`` of the tree, in a folder above, names a submodule: only then can it be fetched.

    Of any other, ``git clone`` too makes an empty folder.
    """
    folder = posixpath.dirname(submodule.path)
    while True:
        file = posixpath.join(folder, MODULES_FILE)
        if tree.is_file(file):
            text = tree.read(file).decode("utf-8", "surrogateescape")
            if submodule.path in {posixpath.join(folder, path) for path in _MODULE_PATH.findall(text)}:
                return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
