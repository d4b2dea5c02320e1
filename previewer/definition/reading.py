"""One load of a definition: the commit's files, what has been read of them so far, warnings and limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from previewer.definition.casting import interpolate_model
from previewer.definition.dotenv import read_dotenv
from previewer.definition.interpolation import Interpolator, Lookup, OutsideValues, line_of
from previewer.definition.paths import absolute_path, mount, tree_path
from previewer.definition.sources import Ancestor, Sources
from previewer.definition.values import (
    MAX_ENV_FILE_BYTES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_NODES,
    MAX_TEXT,
    Budget,
    ModelError,
    Value,
)
from previewer.definition.yaml.document import Document, parse_documents
from previewer.domain.commit.files import FileTree, is_ciphertext, read_pointer
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.references import mark_of
from previewer.errors import DefinitionError


def with_run_variables(lookup: Lookup) -> Lookup:
    """``lookup``, but that variables of the environment itself are marks, whatever else has their names."""
    return lambda name: mark_of(name) or lookup(name)


@dataclass(slots=True)
class Reading:
    """What all steps of one load share. Paths are absolute, with the tree mounted at ``paths.TREE_ROOT``."""

    tree: FileTree
    home: str | None
    """What ``~`` stands for; ``None`` leaves it as it is."""
    outside: OutsideValues
    """What comes from elsewhere than the commit."""
    expand: Callable[[str], str] = lambda text: text
    """Puts values in place of references to variables."""
    sources: Sources = field(default_factory=Sources)
    warnings: dict[str, None] = field(default_factory=dict)
    """In the order they came up, each once."""
    nodes: Budget = field(default_factory=lambda: Budget(MAX_NODES, "YAML values"))
    text: Budget = field(default_factory=lambda: Budget(MAX_TEXT, "characters of interpolated text"))
    files: Budget = field(default_factory=lambda: Budget(MAX_FILES, "files"))
    parsed: dict[str, list[Document]] = field(default_factory=dict)
    _offered: set[str] = field(default_factory=set)
    """Variables that a committed example of ``.env`` has."""
    profiles_off: set[str] = field(default_factory=set)
    """Profiles of services that do not take part."""
    read: set[str] = field(default_factory=set)
    """Every file that had a say, relative to the tree's root."""

    def documents(self, path: str) -> list[Document]:
        """The YAML documents of the Compose file at ``path``, parsed once."""
        self.files.spend()
        if path not in self.parsed:
            content = self.read_file(path, limit=MAX_FILE_BYTES)
            if content is None:
                raise DefinitionError("no such file in the commit", where=tree_path(path))
            self.parsed[path] = parse_documents(content, file=tree_path(path))
            self.sources.documents += self.parsed[path]
        return self.parsed[path]

    def read_file(self, path: str, *, limit: int) -> bytes | None:
        """The content of the file at ``path``, ``None`` where there is none.

        Raises :class:`DefinitionError` for one of more than ``limit`` bytes or for a directory, and
        :class:`OutsideTreeError` for one outside the tree.
        """
        inside = tree_path(path)
        if not self.tree.is_file(inside):
            if self.tree.is_directory(inside):
                raise DefinitionError("this is a directory, not a file", where=inside)
            return None
        entry = self.tree.entry(inside)
        too_large = f"the file is too large: at most {limit} bytes are read"
        if entry is not None and entry.size is not None and entry.size > limit:
            raise DefinitionError(too_large, where=inside)
        content = self._decoded(inside, self.tree.read(inside), limit)
        if len(content) > limit:
            raise DefinitionError(too_large, where=inside)
        self.read.add(inside)
        return content

    def _decoded(self, path: str, content: bytes, limit: int) -> bytes:
        """The file that ``content`` is or stands for. Raises :class:`DefinitionError` where that cannot be had."""
        if is_ciphertext(content):
            raise DefinitionError(
                "this file is encrypted by git-crypt, and commits are read as git keeps them",
                where=path,
                hint="give its values from variables (`variables` in previewer.toml), or commit a readable file",
            )
        if (pointer := read_pointer(content)) is None:
            return content
        pieces = self.tree.large_file(pointer.digest) if pointer.size <= limit else None
        if pieces is None:
            raise DefinitionError(
                "this is a Git LFS pointer, and the file is not on this machine",
                where=path,
                hint="fetch it: git lfs fetch --all; small text files are better kept in git itself",
            )
        found = b"".join(pieces)
        if hashlib.sha256(found).hexdigest() != pointer.digest:
            raise DefinitionError(
                "the object in the Git LFS store is not the one that the commit names",
                where=path,
                hint="git lfs fsck",
            )
        return found

    def dotenv(
        self, path: str, *, lookup: Lookup, before: Mapping[str, str] | None = None
    ) -> dict[str, str] | None:
        """The variables of the environment file at ``path``; ``None`` where there is no such file."""
        content = self.read_environment_file(path)
        if content is None:
            return None
        known = with_run_variables(lookup)
        return read_dotenv(content, file=tree_path(path), lookup=known, before=before, budget=self.text)

    def read_environment_file(self, path: str) -> bytes | None:
        """The content of an environment file, for every grammar; ``None`` where there is none."""
        self.files.spend()
        return self.read_file(path, limit=MAX_ENV_FILE_BYTES)

    def default_dotenv(self, directory: str, *, lookup: Lookup) -> dict[str, str]:
        """The variables of ``.env`` in ``directory``, none where there is no such file."""
        path = self.absolute(".env", directory)
        if self.tree.is_directory(tree_path(path)):
            return {}
        variables = self.dotenv(path, lookup=lookup)
        if variables is None and (example := self.outside.find_example(tree_path(path))) is not None:
            values = self.dotenv(mount(example), lookup=lookup) or {}
            self._offered |= values.keys()
            variables = self._taken_example(tree_path(path), example, values)
        return variables or {}

    def uncommitted_environment(self, path: str, *, lookup: Lookup) -> dict[str, str] | None:
        """What stands for the environment file at ``path``, which the commit does not have; ``None`` for nothing.

        That is what the user's own files give, and of an example that is taken the rest. Without any it is the
        variables that a committed example names, with the values that ``lookup`` knows, or with the example's own
        where it is to be taken. What such an example names and nothing gives is noted as wanted.
        """
        names = self.outside.given_names(tree_path(path))
        variables = {name: value for name in names if (value := lookup(name)) is not None}
        if names and not self.outside.takes_examples:
            return variables
        example = self.outside.find_example(tree_path(path))
        if example is None:
            return variables if names else None
        values = self.dotenv(mount(example), lookup=lookup) or {}
        known = {name: value for name in values if (value := lookup(name)) is not None}
        if (taken := self._taken_example(tree_path(path), example, values)) is not None:
            return {**taken, **known, **variables}
        content = self.read_environment_file(mount(example)) or b""
        for name in (name for name in values if name not in known):
            self.outside.want(f"{name}, for {tree_path(path)}", f"{example}:{line_of(content, name)}")
        return known

    def _taken_example(self, path: str, example: str, values: dict[str, str]) -> dict[str, str] | None:
        if not self.outside.takes_examples:
            return None
        self.warnings[f"{path} is not in the commit; the values of {example} stand for it"] = None
        return values

    def absolute(self, path: str, directory: str) -> str:
        """``path`` as seen from ``directory``."""
        return absolute_path(path, directory=directory, home=self.home)

    def interpolate(self, document: Document, data: Value, *, lookup: Lookup) -> Value:
        """The values of a document with their variables replaced; warns of those that are not set."""
        place: ModelPath = ()

        def visit(path: ModelPath) -> None:
            nonlocal place
            place = path

        def note_missing(message: str) -> None:
            where = self.sources.locate(place, first=[document])
            self.outside.want(f"{'.'.join(place)}: {message}", str(where))

        known = with_run_variables(lookup)
        interpolator = Interpolator(known, self.warn_of_unset_variable, self.text, self.expand, note_missing)
        return interpolate_model(data, interpolator, visit=visit)

    def warn_of_unset_variable(self, name: str) -> None:
        """Compose starts such a service all the same, with an empty text."""
        offer = (
            f" ({', '.join(self.outside.examples)} has a value: --env-example)" if name in self._offered else ""
        )
        self.warnings[f"the variable {name} is not set; an empty text stands for it{offer}"] = None

    def remember_ancestor(self, service: str, *, path: str, ancestor: str) -> None:
        """Note that ``service`` extends ``ancestor`` of the file at ``path``; keys may be written there."""
        self.sources.ancestors.setdefault(service, []).append(Ancestor(tree_path(path), ancestor))

    @contextmanager
    def pointing_into(self, documents: list[Document]) -> Iterator[None]:
        """Give errors that know a place of the model its line, looked for in ``documents`` first."""
        try:
            yield
        except ModelError as error:
            location = self.sources.locate(error.path, first=documents)
            where = str(location) if location else None
            raise DefinitionError(error.message, where=where, hint=error.hint) from error
