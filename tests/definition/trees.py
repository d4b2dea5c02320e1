"""Commits for tests: a file tree out of a mapping."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.definition import load_definition
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.compose.definition import Definition


def tree_of(files: Mapping[str, str | bytes], *, links: Mapping[str, str] | None = None) -> FileTree:
    """A tree with these files, and with symbolic links to these targets."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    targets = {path: target.encode() for path, target in (links or {}).items()}
    entries = [TreeEntry(path, EntryKind.FILE, path, len(content)) for path, content in contents.items()]
    entries += [TreeEntry(path, EntryKind.SYMLINK, path, len(target)) for path, target in targets.items()]
    return FileTree(entries, lambda path: {**contents, **targets}[path])


def load_text(
    text: str | bytes, *, variables: Mapping[str, str] | None = None, **files: str | bytes
) -> Definition:
    """The definition of ``compose.yaml`` with this text; further files by name, ``__`` for a dot."""
    others = {name.replace("__", "."): content for name, content in files.items()}
    tree = tree_of({"compose.yaml": text, **others})
    return load_definition(tree, files=["compose.yaml"], variables=variables or {}, project_name="p")
