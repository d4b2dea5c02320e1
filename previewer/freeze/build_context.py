"""What a build sees: the entries of the commit below its context folder, and its Dockerfile."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from previewer.domain.definition import Definition
from previewer.domain.file_tree import EntryKind, FileTree, TreeEntry
from previewer.domain.service import BuildSection, Service
from previewer.errors import DefinitionError, FreezeError, UnsupportedError
from previewer.freeze.dockerignore import Dockerignore, read_dockerignore

IGNORE_FILE = ".dockerignore"
HIDDEN_DOCKERFILE = ".previewer.dockerfile"
"""Where an inline Dockerfile, or one from outside the context, goes: BuildKit reads it out of the context."""
MAX_DOCKERFILE_BYTES = 1 << 20
COMMITTED_HINT = "only committed files are seen: is it committed?"


@dataclass(frozen=True, slots=True)
class BuildContext:
    """A build's files, chosen but not read."""

    entries: tuple[tuple[str, TreeEntry], ...]
    """Paths relative to the context, sorted, and what is there; without ignored files and the Dockerfile."""
    dockerfile: str
    """The Dockerfile's text, as it was written."""
    dockerfile_path: str
    """Where it belongs, relative to the context."""
    where: str
    """Where it was written, for messages: ``services/web/Dockerfile``."""


def read_build_context(
    tree: FileTree, definition: Definition, service: Service, build: BuildSection
) -> BuildContext:
    """Choose the files of a service's build.

    Raises :class:`UnsupportedError` for a context that is a URL, :class:`DefinitionError` for one (or a
    Dockerfile) that is not in the commit, :class:`FreezeError` for a submodule in it.
    """
    location = str(definition.locate(("services", service.name, "build")))
    if "://" in build.context or build.context.startswith(("git@", "github.com/")):
        raise UnsupportedError(
            f"the build context {build.context} is not part of the commit",
            where=location,
            hint="use a folder of the repository",
        )
    if not tree.is_directory(build.context):
        raise DefinitionError(
            f"the commit has no folder {build.context} to build from", where=location, hint=COMMITTED_HINT
        )
    text, path, where = _read_dockerfile(tree, build, location)
    ignore = _read_ignore_file(tree, build)
    root = tree.resolve(build.context)
    entries = []
    for entry in tree.below(build.context):
        name = entry.path[len(root) :].lstrip("/")
        if name == path or ignore.ignores(name):
            continue
        _refuse_submodule(entry)
        entries.append((name, entry))
    return BuildContext(tuple(sorted(entries, key=lambda item: item[0])), text, path, where)


def _read_dockerfile(tree: FileTree, build: BuildSection, location: str) -> tuple[str, str, str]:
    """The text, its path in the context, and where it was written."""
    if build.dockerfile_inline is not None:
        return build.dockerfile_inline, HIDDEN_DOCKERFILE, f"{location} (dockerfile_inline)"
    path = posixpath.join(build.context, build.dockerfile)
    if not tree.is_file(path):
        raise DefinitionError(
            f"the commit has no Dockerfile {posixpath.normpath(path)}", where=location, hint=COMMITTED_HINT
        )
    text = tree.read(path, limit=MAX_DOCKERFILE_BYTES).decode("utf-8", "replace")
    inside = posixpath.normpath(build.dockerfile)
    is_outside = inside.startswith(("../", "/"))
    return text, HIDDEN_DOCKERFILE if is_outside else inside, posixpath.normpath(path)


def _read_ignore_file(tree: FileTree, build: BuildSection) -> Dockerignore:
    """``Dockerfile.dockerignore`` beside the Dockerfile, else ``.dockerignore`` in the context."""
    paths = [posixpath.join(build.context, IGNORE_FILE)]
    if build.dockerfile_inline is None:
        paths.insert(0, posixpath.join(build.context, f"{build.dockerfile}{IGNORE_FILE}"))
    for path in paths:
        if tree.is_file(path):
            return read_dockerignore(tree.read(path, limit=MAX_DOCKERFILE_BYTES), where=posixpath.normpath(path))
    return Dockerignore()


def _refuse_submodule(entry: TreeEntry) -> None:
    if entry.kind is EntryKind.SUBMODULE:
        raise FreezeError(
            "a build context holds a submodule, whose files are not part of the commit",
            where=entry.path,
            hint=f"keep it out with {IGNORE_FILE}, or copy its files into the repository",
        )
