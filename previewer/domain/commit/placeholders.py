"""What git holds in a file's place: Git LFS pointers, git-crypt's ciphertext, submodules that nothing names."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from previewer.domain.commit.files import FileTree, TreeEntry

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
