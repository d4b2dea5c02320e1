"""One YAML document of a Compose file: its values, what it takes away (``!reset``), and where things are.

Follows go-yaml v3: a key may stand only once, keys are text, ``<<`` merges mappings and loses against explicit
keys wherever it stands, and the first mapping of a list under ``<<`` wins.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from previewer.definition.values import MAX_NESTING, Budget, ModelError, Table, Value
from previewer.definition.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode, compose_documents
from previewer.definition.yaml.scalars import TAG_PREFIX, resolve_plain_scalar, resolve_tagged_scalar
from previewer.domain.compose.definition import Location, ModelPath
from previewer.errors import DefinitionError

# How large and how deep a YAML document is once its aliases are replaced, found without replacing
# them.
#
# Twelve lines of anchors can stand for more values than fit into memory, and a chain of them for a
# deeper nesting than Python can follow. Every node is measured once; an alias names a node that has
# been measured before it.


class Extent(Struct, frozen=True):
    """What a node stands for."""

    size: int
    """Values, itself included."""
    depth: int
    """Levels of collections."""


class ExtentMeter(Struct):
    """Measures the nodes of one document."""

    file: str
    """The file's name in errors."""
    known: dict[int, Extent | None] = field(default_factory=dict)
    """Extents by node id; ``None`` while one is being measured."""

    def measure(self, node: Node) -> Extent:
        """Raises :class:`DefinitionError` for an anchor that contains itself and for too deep a nesting."""
        if not isinstance(node, (SequenceNode, MappingNode)):
            return Extent(1, 0)
        if id(node) in self.known:
            extent = self.known[id(node)]
            if extent is None:
                raise self._error("this anchor contains itself", node)
            return extent
        self.known[id(node)] = None
        if isinstance(node, SequenceNode):
            parts = [self.measure(item) for item in node.items]
        else:
            parts = [self.measure(part) for entry in node.entries for part in entry]
        extent = Extent(1 + sum(part.size for part in parts), 1 + max((part.depth for part in parts), default=0))
        if extent.depth > MAX_NESTING:
            raise self._error(f"collections are nested more than {MAX_NESTING} deep", node)
        self.known[id(node)] = extent
        return extent

    def _error(self, message: str, node: Node) -> DefinitionError:
        return DefinitionError(message, where=str(Location(self.file, node.line, node.column)))


RESET = "!reset"
"""Takes the value away, here and from the files before."""
OVERRIDE = "!override"
"""Replaces what the files before said, instead of merging with it."""
MERGE_KEY = "<<"


class Contents(Struct, frozen=True):
    """What one reading of a document gives; nothing in it is shared with another reading."""

    data: Value
    deletions: tuple[ModelPath, ...]
    """What to remove from the model as the files before left it."""


class Document(Struct, frozen=True):
    """One YAML document."""

    file: str
    """As errors call it: relative to the tree's root."""
    root: Node

    def read(self, budget: Budget) -> Contents:
        """Its values, fresh ones every time; ``budget`` pays for each. Raises :class:`DefinitionError`."""
        budget.spend(ExtentMeter(self.file).measure(self.root).size)
        reader = _Reader(self.file)
        data = reader.value(self.root, ())
        return Contents(None if data is _REMOVED else data, tuple(reader.deletions))  # type: ignore[arg-type]

    def top_level_text(self, key: str) -> str | None:
        """The text under a key of the top level; ``None`` where there is no such key or something else there."""
        for key_node, value in self.root.entries if isinstance(self.root, MappingNode) else ():
            if isinstance(key_node, ScalarNode) and key_node.text == key and isinstance(value, ScalarNode):
                resolved = resolve_plain_scalar(value.text) if value.plain else value.text
                return resolved if isinstance(resolved, str) else None
        return None

    def scalar_at(self, path: ModelPath) -> str | None:
        """The text of the scalar at ``path`` as it is written; ``None`` where there is none."""
        node: Node | None = self.root
        for key in path:
            _, node = _descend(node, key)
        return node.text if isinstance(node, ScalarNode) else None

    def locate(self, path: ModelPath) -> Location | None:
        """Where the key or list item at ``path`` is written; ``None`` where this document does not have it."""
        marked: Node | None = self.root
        node: Node | None = self.root
        for key in path:
            marked, node = _descend(node, key)
        return Location(self.file, marked.line, marked.column) if marked is not None else None

    def items_at(self, path: ModelPath) -> list[Node]:
        """The nodes of the list at ``path``; of a mapping's entries their keys."""
        node: Node | None = self.root
        for key in path:
            _, node = _descend(node, key)
        if isinstance(node, SequenceNode):
            return node.items
        return [key for key, _ in node.entries] if isinstance(node, MappingNode) else []


def parse_documents(content: bytes, *, file: str) -> list[Document]:
    """The documents of a Compose file. Raises :class:`DefinitionError` with file, line and column."""
    return [Document(file, root) for root in compose_documents(content, file=file)]


def scalars_below(node: Node) -> Iterator[str]:
    """The texts of all scalars at or below ``node``, as they are written."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ScalarNode):
            yield current.text
        elif isinstance(current, SequenceNode):
            pending += current.items
        else:
            pending += [part for entry in current.entries for part in entry]


class _Removed:
    """Stands for a value with ``!reset`` until its place is left out."""


_REMOVED = _Removed()


class _Reader(Struct):
    file: str
    deletions: list[ModelPath] = field(default_factory=list)

    def value(self, node: Node, path: ModelPath) -> Value | _Removed:
        if node.tag in (RESET, OVERRIDE):
            self.deletions.append(path)
            if node.tag == RESET:
                return _REMOVED
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        return self.sequence(node, path) if isinstance(node, SequenceNode) else self.mapping(node, path)

    def scalar(self, node: ScalarNode) -> Value:
        if node.plain:
            return resolve_plain_scalar(node.text)
        try:
            return resolve_tagged_scalar(node.text, node.tag) if node.tag else node.text
        except ModelError as error:
            raise self.error(error.message, node) from error

    def sequence(self, node: SequenceNode, path: ModelPath) -> list[Value]:
        items = (self.value(item, (*path, str(index))) for index, item in enumerate(node.items))
        return [item for item in items if not isinstance(item, _Removed)]

    def mapping(self, node: MappingNode, path: ModelPath) -> Table:
        table: Table = {}
        inherited: list[Table] = []
        seen: set[str] = set()
        for key_node, value_node in node.entries:
            key = self.key(key_node)
            if key in seen:
                raise self.error(f"the key {key!r} stands here twice", key_node)
            seen.add(key)
            if _is_merge_key(key_node):
                inherited += self.merged_tables(value_node, path)
                continue
            value = self.value(value_node, (*path, key))
            if not isinstance(value, _Removed):
                table[key] = value
        for other in inherited:
            for key, inherited_value in other.items():
                table.setdefault(key, inherited_value)
        return table

    def key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise self.error("a key must be text", node)
        if node.plain and not isinstance(resolve_plain_scalar(node.text), str):
            raise self.error(f"a key must be text; put quotes around {node.text}", node)
        return node.text

    def merged_tables(self, node: Node, path: ModelPath) -> list[Table]:
        """The mappings under ``<<``; what they hold counts as written at ``path``."""
        tables: list[Table] = []
        for source in node.items if isinstance(node, SequenceNode) else [node]:
            value = self.value(source, path)
            if isinstance(value, dict):
                tables.append(value)
            elif not isinstance(value, _Removed):
                raise self.error("'<<' takes a mapping or a list of mappings", source)
        return tables

    def error(self, message: str, node: Node) -> DefinitionError:
        return DefinitionError(message, where=str(Location(self.file, node.line, node.column)))


def _is_merge_key(node: Node) -> bool:
    return (
        isinstance(node, ScalarNode)
        and node.text == MERGE_KEY
        and (node.plain or node.tag == f"{TAG_PREFIX}merge")
    )


def _descend(node: Node | None, key: str) -> tuple[Node | None, Node | None]:
    """The node that marks the place ``key`` below ``node`` (a key, or an item itself), and its value."""
    if isinstance(node, SequenceNode):
        items = [item for item in node.items if item.tag != RESET]
        item = items[int(key)] if key.isdecimal() and len(key) < 7 and int(key) < len(items) else None
        return item, item
    if not isinstance(node, MappingNode):
        return None, None
    for key_node, value in node.entries:
        if isinstance(key_node, ScalarNode) and key_node.text == key:
            return key_node, value
    for key_node, value in node.entries:
        if _is_merge_key(key_node):
            for source in value.items if isinstance(value, SequenceNode) else [value]:
                marked, found = _descend(source, key)
                if marked is not None:
                    return marked, found
    return None, None
