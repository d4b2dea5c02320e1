"""Where the values of a model were written: looked up in the parsed files after the fact, the last file first.

Merging, extending and normalising know nothing of positions. For a value that several files write, the last one
counts; list items, whose numbers change, are found by the texts they share with what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from previewer.definition.values import Value
from previewer.definition.yaml.document import Document, scalars_below
from previewer.definition.yaml.scalars import go_text
from previewer.domain.compose.definition import Location, ModelPath

INDEXED_DEPTH = 5
"""How deep places are listed: ``services.web.build.args.KEY``; ``Definition.locate`` answers for deeper ones."""
MAX_COMPARED_ITEMS = 500
"""Of one list; items after them are not found."""


class Ancestor(Struct, frozen=True):
    """A service that another one extends."""

    file: str
    service: str


class Sources(Struct):
    """The documents a model was made of, in the order they were read."""

    documents: list[Document] = field(default_factory=list)
    ancestors: dict[str, list[Ancestor]] = field(default_factory=dict)
    """The services that each service extends, the nearest first."""

    def locate(self, path: ModelPath, *, first: Sequence[Document] = ()) -> Location | None:
        """Where ``path``, or the nearest known place above it, is written; looked for in some ``first``."""
        for end in range(len(path), 0, -1):
            location = self.locate_exactly(path[:end], first=first)
            if location is None and end > 2:
                location = self.locate_item(path[: end - 1], path[end - 1])
            if location:
                return location
        documents = first or self.documents
        return Location(documents[-1].file, 1, 1) if documents else None

    def locate_exactly(self, path: ModelPath, *, first: Sequence[Document] = ()) -> Location | None:
        """Where ``path`` is written, in the last document that has it; ``None`` where none has."""
        for document in first:
            if location := document.locate(path):
                return location
        for document, written in self._places(path):
            if location := document.locate(written):
                return location
        return None

    def locate_item(self, path: ModelPath, item: Value) -> Location | None:
        """Where the list item that became ``item`` is written: the one that shares most of its text."""
        texts = {text for text in _texts(item) if text}
        best: Location | None = None
        best_score = 0
        for document, written in self._places(path):
            for node in document.items_at(written)[:MAX_COMPARED_ITEMS]:
                as_written = " ".join(scalars_below(node))
                score = sum(len(text) for text in texts if text in as_written)
                if score > best_score:
                    best, best_score = Location(document.file, node.line, node.column), score
        return best

    def _places(self, path: ModelPath) -> Iterator[tuple[Document, ModelPath]]:
        """Every document with the path to look for in it: last file first, then what the service extends."""
        for document in reversed(self.documents):
            yield document, path
        if len(path) > 2 and path[0] == "services":
            for ancestor in self.ancestors.get(path[1], ()):
                for document in self.documents:
                    if document.file == ancestor.file:
                        yield document, ("services", ancestor.service, *path[2:])


class WrittenLocations(Mapping[ModelPath, Location]):
    """The known places of a finished model, looked up when they are first asked for."""

    def __init__(self, sources: Sources, model: Value) -> None:
        self._sources = sources
        self._model = model

    @cached_property
    def _found(self) -> Mapping[ModelPath, Location]:
        return dict(self._search((), self._model, in_list=False))

    def _search(self, path: ModelPath, value: Value, *, in_list: bool) -> Iterator[tuple[ModelPath, Location]]:
        place = None if in_list else self._sources.locate_exactly(path)
        if place is None and len(path) > 2:
            place = self._sources.locate_item(path[:-1], value if in_list else [path[-1], value])
        if path and place:
            yield path, place
        if len(path) >= INDEXED_DEPTH or in_list:
            return
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self._search((*path, key), item, in_list=False)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._search((*path, str(index)), item, in_list=True)

    def __getitem__(self, path: ModelPath) -> Location:
        return self._found[path]

    def __iter__(self) -> Iterator[ModelPath]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _texts(value: Value) -> Iterator[str]:
    """The texts of all scalars in ``value``."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield go_text(value)
