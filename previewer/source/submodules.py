"""What a commit names and git keeps elsewhere on this machine: submodules' repositories and Git LFS's store.

Both are found by content (a commit's id, a file's SHA-256), so it does not matter who put them there. Nothing is
fetched, and no file of a working tree is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from previewer.domain.commit.files import FileTree, TreeEntry
from previewer.git.command import GitCommand
from previewer.git.configuration import GitSettings
from previewer.git.objects import GitObjects
from previewer.git.output import parse_tree

CHUNK_BYTES = 1 << 20
MODULES_FILE = ".gitmodules"


class GitExternalFiles:
    """The stores beside one repository's own objects."""

    def __init__(
        self,
        command: GitCommand,
        settings: GitSettings,
        *,
        work_tree: Callable[[], Path],
        on_open: Callable[[GitObjects], None],
    ) -> None:
        """``on_open`` is given the object readers of submodules, which the caller has to close.

        In ``work_tree``, submodules that were cloned by hand have their repositories.
        """
        self._work_tree = work_tree
        self._command = command
        self._settings = settings
        self._on_open = on_open

    def large_file(self, digest: str) -> Iterator[bytes] | None:
        """The content of a Git LFS object, by its SHA-256; ``None`` where it was never fetched."""
        path = self._storage() / "objects" / digest[:2] / digest[2:4] / digest
        return _pieces(path) if path.is_file() else None

    def submodule(self, tree: FileTree, entry: TreeEntry) -> FileTree | None:
        """The files of a submodule's commit; ``None`` where no repository here has that commit."""
        for repository in self._repositories(self._names(tree).get(entry.path, entry.path), entry.path):
            if not (repository / "objects").is_dir():
                continue
            # A submodule's settings name a working tree, which need not be there any more.
            command = GitCommand(str(repository), "--git-dir=.", "--work-tree=.")
            answer = command.ask("ls-tree", "-r", "-z", "-l", "--full-tree", entry.object_id)
            if answer.code == 0:
                objects = GitObjects(command)
                self._on_open(objects)
                external_files = GitExternalFiles(
                    command,
                    GitSettings(command),
                    work_tree=partial(Path, self._work_tree(), entry.path),
                    on_open=self._on_open,
                )
                return FileTree(parse_tree(answer.output), objects.read, objects.stream, external_files)
        return None

    def _repositories(self, name: str, path: str) -> Iterator[Path]:
        """Where a submodule's repository may be: where git puts it, else in the submodule's own folder.

        A link in the working tree would lead to any repository of this machine: none is followed.
        """
        if name and not name.startswith(("/", "-")) and ".." not in name.split("/"):
            for folder in self._folders():
                yield folder / "modules" / name
        work_tree = self._work_tree()
        own = work_tree / path / ".git"
        if own.is_dir() and own.resolve() == work_tree.resolve() / path / ".git":
            yield own

    def _names(self, tree: FileTree) -> Mapping[str, str]:
        """The names of submodules by path, as the commit's own ``.gitmodules`` has them."""
        if not tree.is_file(MODULES_FILE) or (entry := tree.entry(MODULES_FILE)) is None:
            return {}
        answer = self._command.ask("config", "--blob", entry.object_id, "--list", "-z")
        records = (record.partition("\n") for record in answer.text.split("\0"))
        return {
            path: key.removeprefix("submodule.").removesuffix(".path")
            for key, _, path in records
            if key.startswith("submodule.") and key.endswith(".path")
        }

    def _folders(self) -> Iterator[Path]:
        """The repository's folder, then, in a linked worktree, that worktree's own."""
        common, own = self._command.text("rev-parse", "--git-common-dir", "--absolute-git-dir").splitlines()
        yield Path(self._command.path, common)
        yield Path(own)

    def _storage(self) -> Path:
        """Where Git LFS keeps what it fetched (git-lfs-config(5), ``lfs.storage``)."""
        return next(self._folders()) / (self._settings.get("lfs.storage") or "lfs")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
