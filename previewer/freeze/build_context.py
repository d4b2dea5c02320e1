"""What a build sees: the entries of the commit below its context folder, and its Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from msgspec import Struct, field

from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.domain.commit.placeholders import MODULES_FILE, is_declared
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.service import BuildSection, Service
from previewer.domain.json_value import JsonValue, as_object
from previewer.domain.naming import SENT_DOCKERFILE
from previewer.domain.policy.image_rules import IMAGE_CONTEXT
from previewer.errors import DefinitionError, UnsupportedError
from previewer.freeze.dockerignore import Dockerignore, read_dockerignore
from previewer.freeze.tree_archive import absent_submodule

IGNORE_FILE = ".dockerignore"
MAX_DOCKERFILE_BYTES = 1 << 20
KEPT_OUT = f"keep it out with {IGNORE_FILE}"
COMMITTED_HINT = "only committed files are seen: is it committed?"

Entries = tuple[tuple[str, TreeEntry], ...]
"""Paths relative to a context, sorted, and what is there."""


class BuildContext(Struct, frozen=True):
    """A build's files, chosen but not read."""

    entries: Entries
    """Without ignored files. The Dockerfile is there as it was written, like any other file."""
    dockerfile: str
    """The Dockerfile's text, as it was written."""
    where: str
    """Where it was written, for messages: ``services/web/Dockerfile``."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands in the place of something else."""
        return tuple(
            f"{entry.path} is a submodule that no {MODULES_FILE} names: in its place is an empty folder"
            for _, entry in self.entries
            if entry.kind is EntryKind.SUBMODULE
        )


def read_build_context(
    tree: FileTree, definition: Definition, service: Service, build: BuildSection
) -> BuildContext:
    """Choose the files of a service's build.

    Raises :class:`UnsupportedError` for a context that is a URL, :class:`DefinitionError` for one (or a
    Dockerfile) that is not in the commit, :class:`FreezeError` for a submodule in it that this machine has not.
    """
    location = str(definition.locate(("services", service.name, "build")))
    _check_folder(tree, build.context, location)
    text, where = _read_dockerfile(tree, build, location)
    return BuildContext(_choose(tree, build.context, _read_ignore_file(tree, build)), text, where)


def read_further_context(tree: FileTree, folder: str, location: str) -> Entries:
    """The files of one of ``additional_contexts``, by its own ``.dockerignore``; raises as for the main one."""
    _check_folder(tree, folder, location)
    return _choose(tree, folder, _read_ignore(tree, [posixpath.join(folder, IGNORE_FILE)]))


def describe_entries(entries: Entries) -> list[JsonValue]:
    """For input digests: everything about the entries that a build can see."""
    return [[path, entry.kind.value, entry.object_id] for path, entry in entries]


def _check_folder(tree: FileTree, folder: str, location: str) -> None:
    if "://" in folder or folder.startswith(("git@", "github.com/")):
        raise UnsupportedError(
            f"the build context {folder} is not part of the commit",
            where=location,
            hint="use a folder of the repository",
        )
    entry = tree.entry(folder)
    if entry is not None and entry.kind is EntryKind.SUBMODULE and is_declared(tree, entry):
        raise absent_submodule(entry, otherwise=KEPT_OUT)
    if not tree.is_directory(folder):
        raise DefinitionError(
            f"the commit has no folder {folder} to build from", where=location, hint=COMMITTED_HINT
        )


def _choose(tree: FileTree, folder: str, ignore: Dockerignore) -> Entries:
    root = tree.resolve(folder)
    entries = []
    for entry in tree.below(folder):
        name = entry.path[len(root) :].lstrip("/")
        if ignore.ignores(name):
            continue
        if entry.kind is EntryKind.SUBMODULE and is_declared(tree, entry):
            raise absent_submodule(entry, otherwise=KEPT_OUT)
        if name == SENT_DOCKERFILE:
            raise DefinitionError(
                "this name is ours: builders are sent the pinned Dockerfile under it", where=entry.path
            )
        entries.append((name, entry))
    return tuple(sorted(entries, key=lambda item: item[0]))


def _read_dockerfile(tree: FileTree, build: BuildSection, location: str) -> tuple[str, str]:
    """The text, and where it was written."""
    if build.dockerfile_inline is not None:
        return build.dockerfile_inline, f"{location} (dockerfile_inline)"
    path = posixpath.join(build.context, build.dockerfile)
    if not tree.is_file(path):
        raise DefinitionError(
            f"the commit has no Dockerfile {posixpath.normpath(path)}", where=location, hint=COMMITTED_HINT
        )
    text = tree.read(path, limit=MAX_DOCKERFILE_BYTES).decode("utf-8", "replace")
    return text, posixpath.normpath(path)


def _read_ignore_file(tree: FileTree, build: BuildSection) -> Dockerignore:
    """``Dockerfile.dockerignore`` beside the Dockerfile, else ``.dockerignore`` in the context."""
    paths = [posixpath.join(build.context, IGNORE_FILE)]
    if build.dockerfile_inline is None:
        paths.insert(0, posixpath.join(build.context, f"{build.dockerfile}{IGNORE_FILE}"))
    return _read_ignore(tree, paths)


def _read_ignore(tree: FileTree, paths: list[str]) -> Dockerignore:
    for path in paths:
        if tree.is_file(path):
            return read_dockerignore(tree.read(path, limit=MAX_DOCKERFILE_BYTES), where=posixpath.normpath(path))
    return Dockerignore()


SERVICE = "service:"


class FurtherContexts(Struct, frozen=True):
    """What a Dockerfile may name besides its stages."""

    images: Mapping[str, str] = field(default_factory=dict)
    """References by the name that the Dockerfile has for them: pinned like any other."""
    folders: Mapping[str, Entries] = field(default_factory=dict)


def read_further_contexts(
    tree: FileTree, definition: Definition, service: Service, build: BuildSection
) -> FurtherContexts:
    """Read the key.

    Raises :class:`UnsupportedError` for another service's image and for what is not part of the commit.
    """
    images, folders = {}, {}
    for name, value in as_object(build.spec.get("additional_contexts")).items():
        location = str(definition.locate(("services", service.name, "build", "additional_contexts", name)))
        text = str(value)
        if text.startswith(IMAGE_CONTEXT):
            images[name] = text.removeprefix(IMAGE_CONTEXT)
        elif text.startswith(SERVICE):
            raise UnsupportedError(
                f"build.additional_contexts: {text} is the image of another service",
                where=location,
                hint="make both stages of one Dockerfile, and say which with build.target",
            )
        else:
            folders[name] = read_further_context(tree, text, location)
    return FurtherContexts(images, folders)
