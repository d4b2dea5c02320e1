"""Files of a commit beside a release: the same blobs and, below a folder, the same tree objects that git has."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.errors import SourceError
from previewer.git.command import GitCommand
from previewer.git.configuration import GitSettings
from previewer.git.output import parse_tree

TREE_MODE = "040000"


class GitFiles:
    """Writes and reads files of releases in one repository."""

    def __init__(self, command: GitCommand) -> None:
        self._command = command

    def read(self, treeish: str) -> FileTree | None:
        """The files of a tree or commit (``REF:files`` for a folder of it); ``None`` where there is none."""
        answer = self._command.ask("ls-tree", "-r", "-z", "-l", "--full-tree", treeish)
        if answer.code:
            return None
        return FileTree(parse_tree(answer.output), self.read_blob)

    def read_blob(self, object_id: str) -> bytes:
        """The content of a blob. Raises :class:`SourceError` where it is missing."""
        return self._command.run("cat-file", "blob", object_id)

    def write(self, tree: FileTree, entries: Sequence[TreeEntry]) -> str:
        """Store ``entries`` of ``tree`` as a tree; its id. Blobs that the repository has are not read.

        The trees are written deepest first, all of one depth by one process.
        """
        self._write_blobs(tree, entries)
        waiting: dict[str, list[str]] = {"": []}
        for entry in entries:
            folder, name = posixpath.split(entry.path)
            kind = "commit" if entry.kind is EntryKind.SUBMODULE else "blob"
            waiting.setdefault(folder, []).append(f"{entry.kind.value} {kind} {entry.object_id}\t{name}")
            while folder:
                folder = posixpath.dirname(folder)
                waiting.setdefault(folder, [])
        made = ""
        for _depth, level in groupby(sorted(waiting, key=_depth_of, reverse=True), key=_depth_of):
            folders = list(level)
            for folder, made in zip(folders, self._make_trees([waiting[f] for f in folders]), strict=True):
                if folder:
                    parent, name = posixpath.split(folder)
                    waiting[parent].append(f"{TREE_MODE} tree {made}\t{name}")
        return made

    @property
    def is_store(self) -> bool:
        """Whether the repository holds releases without their commits."""
        return GitSettings(self._command).is_store

    def cut(self, commit: str) -> None:
        """Let git take ``commit`` for one without parents, which are not here (gitrepository-layout(5))."""
        file = Path(self._command.run("rev-parse", "--git-path", "shallow").decode().strip())
        file = Path(self._command.path) / file
        held = file.read_text().splitlines() if file.exists() else []
        if commit in held:
            return
        new = file.with_name("shallow.lock")  # git's own lock
        try:
            with new.open("x") as written:
                written.write("".join(f"{line}\n" for line in (*held, commit)))
        except FileExistsError as error:
            raise SourceError(
                "another process is writing to the repository", where=str(new), hint="try again"
            ) from error
        new.replace(file)

    def _write_blobs(self, tree: FileTree, entries: Sequence[TreeEntry]) -> None:
        """Those that are missing: of a submodule's files, or all where the commit itself is not here."""
        files = {entry.object_id: entry for entry in entries if entry.kind is not EntryKind.SUBMODULE}
        asked = "".join(f"{object_id}\n" for object_id in files).encode()
        answer = self._command.run("cat-file", "--batch-check", input_bytes=asked) if files else b""
        for line in answer.decode().splitlines():
            object_id, _, state = line.partition(" ")
            if state != "missing":
                continue
            content = tree.read_entry(files[object_id])
            written = self._command.run("hash-object", "-t", "blob", "-w", "--stdin", input_bytes=content)
            if written.decode().strip() != object_id:
                raise SourceError("a file's content does not match its id", where=files[object_id].path)

    def _make_trees(self, listings: Sequence[Sequence[str]]) -> list[str]:
        """A blank record ends each listing."""
        text = "".join("".join(f"{line}\0" for line in listing) + "\0" for listing in listings)
        answer = self._command.run("mktree", "-z", "--batch", input_bytes=text.encode("utf-8", "surrogateescape"))
        return answer.decode().split()


def _depth_of(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0
