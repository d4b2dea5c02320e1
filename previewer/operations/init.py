"""Give a repository environment definitions to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from previewer.definition.discover import how_to_begin, root_files, starting_points
from previewer.definition.template import environment_templates
from previewer.domain.commit.files import FileTree
from previewer.errors import UsageError


class InitResult(Struct, frozen=True):
    """What became of the files."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    """They were there already and are as they were."""


class ManySourcesError(UsageError):
    """Several files could be what a definition begins with, and no one said which."""

    def __init__(self, sources: Sequence[str]) -> None:
        super().__init__(
            f"there are {len(sources)} files to begin with: {', '.join(sources)}",
            hint=f"say which: previewer init --from {sources[0]}",
        )
        self.sources = tuple(sources)


def plan_init(tree: FileTree, sources: Sequence[str] = ()) -> Mapping[str, str]:
    """The files that a repository with ``tree`` lacks: text by path relative to its root.

    They begin with ``sources``, Compose files or a Dockerfile; without any with what is at the root, else with the
    only one that there is. Raises :class:`ManySourcesError`, and :class:`UsageError` for one that is not there.
    """
    chosen = tuple(sources) or _sources(tree)
    for file in chosen:
        if not tree.is_file(file):
            raise UsageError("HEAD has no such file", where=file, hint=how_to_begin(tree))
    return {
        path: text
        for path, text in environment_templates(tree, chosen).items()
        if not tree.is_file(path) and not tree.is_file(f"{path.removesuffix('.yaml')}.yml")
    }


def _sources(tree: FileTree) -> tuple[str, ...]:
    if files := root_files(tree):
        return files
    found = starting_points(tree)
    if len(found) > 1:
        raise ManySourcesError(found)
    return found


def write_init(root: Path, files: Mapping[str, str]) -> InitResult:
    """Write ``files`` below ``root``, each only if nothing of its name is there.

    Raises :class:`UsageError` where a file cannot be written (those before it stay), and in a bare repository.
    """
    if (root / "objects").is_dir() and (root / "HEAD").is_file():
        raise UsageError(
            "this is a bare repository: it has no files of its own",
            where=str(root),
            hint="run `previewer init` in a clone of it, commit and push",
        )
    written: list[str] = []
    kept: list[str] = []
    for path, text in sorted(files.items()):
        try:
            was_written = _write_new(root / path, text)
        except OSError as error:
            raise UsageError(f"the file cannot be written: {error.strerror}", where=path) from error
        (written if was_written else kept).append(path)
    return InitResult(tuple(written), tuple(kept))


def _write_new(target: Path, text: str) -> bool:
    """Whether ``target`` was written: not if anything, a dangling link included, has its name."""
    if target.exists() or target.is_symlink():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return True
