"""What a build sees: the entries of the commit below its context folder, and its Dockerfile."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from previewer.domain.commit.files import MODULES_FILE, EntryKind, FileTree, TreeEntry, folders_above, is_declared
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.service import BuildSection, Service
from previewer.domain.json_value import JsonValue
from previewer.domain.naming import SENT_DOCKERFILE
from previewer.domain.policy.image_rules import IMAGE_CONTEXT
from previewer.errors import DefinitionError, UnsupportedError
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
    for name, text in build.additional_contexts.items():
        location = str(definition.locate(("services", service.name, "build", "additional_contexts", name)))
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


# ``.dockerignore``: which files of a build context the builder never sees.
#
# The rules of moby's ``patternmatcher`` and ``ignorefile``: Go's ``filepath.Match`` plus ``**``,
# ``!`` for exceptions, a pattern holds for everything below what it matches, and the last pattern
# that says something wins.


class IgnorePattern(Struct, frozen=True):
    """One line of the file."""

    expression: re.Pattern[str]
    is_exception: bool

    def matches(self, path: str) -> bool:
        """Whether the line is about ``path`` or a folder above it."""
        return any(self.expression.fullmatch(part) for part in (path, *folders_above(path)))


class Dockerignore(Struct, frozen=True):
    """The whole file; an empty one ignores nothing."""

    patterns: tuple[IgnorePattern, ...] = ()

    def ignores(self, path: str) -> bool:
        """Whether the builder must not see the file ``path``, relative to the context, with ``/``."""
        ignored = False
        for pattern in self.patterns:
            # A pattern that could change nothing need not be tried.
            if pattern.is_exception == ignored and pattern.matches(path):
                ignored = not pattern.is_exception
        return ignored


def read_dockerignore(content: bytes, *, where: str) -> Dockerignore:
    """Parse a ``.dockerignore``. Raises :class:`DefinitionError` with the line for a malformed pattern."""
    lines = content.decode("utf-8-sig", "surrogateescape").split("\n")
    patterns = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not (text := line.strip()):
            continue
        is_exception = text.startswith("!")
        pattern = _clean(text[1:].strip() if is_exception else text)
        if not pattern:
            raise DefinitionError("an exception without a pattern", where=f"{where}:{number}")
        try:
            patterns.append(IgnorePattern(re.compile(_expression(pattern), re.DOTALL), is_exception))
        except re.error as error:
            raise DefinitionError(f"malformed pattern {pattern!r}: {error}", where=f"{where}:{number}") from error
    return Dockerignore(tuple(patterns))


def _clean(pattern: str) -> str:
    """Go's ``filepath.Clean``, and a leading ``/`` means the context's root."""
    if not pattern:
        return ""
    cleaned = posixpath.normpath(pattern)
    rooted = re.sub(r"^/+", "/", cleaned)
    return rooted[1:] if len(rooted) > 1 and rooted.startswith("/") else rooted


def _expression(pattern: str) -> str:
    if re.fullmatch(r"\*\*[^*?\[\]\\/]+", pattern):
        # moby: a plain end after leading stars may begin in the middle of a name.
        return ".*" + re.escape(pattern[2:])
    return "".join(_pieces(pattern))


def _pieces(pattern: str) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        if pattern.startswith("**", position):
            position += 3 if pattern.startswith("**/", position) else 2
            yield "(?:.*/)?" if position < len(pattern) else ".*"
            continue
        character = pattern[position]
        position += 1
        if character == "*":
            yield "[^/]*"
        elif character == "?":
            yield "[^/]"
        elif character in "[]":
            yield character
        elif character == "\\":
            yield re.escape(pattern[position : position + 1] or "\\")
            position += 1
        elif character in "^-" and _in_class(pattern, position - 1):
            yield character
        else:
            yield re.escape(character)


def _in_class(pattern: str, position: int) -> bool:
    """Whether a position lies between ``[`` and ``]``, where ``^`` and ``-`` mean what they mean in a regex."""
    return pattern.rfind("[", 0, position) > pattern.rfind("]", 0, position)
