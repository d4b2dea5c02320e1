"""The syntax tree of a YAML file, with positions. Built from PyYAML's events, since its own composer has no end.

PyYAML's (and libyaml's) composer recurses as deep as a file nests, which a hostile file uses to end the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from previewer.definition.values import MAX_NESTING
from previewer.domain.compose.definition import Location
from previewer.errors import DefinitionError

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: the same events, ten times as fast."""


@dataclass(slots=True)
class ScalarNode:
    """One scalar."""

    text: str
    tag: str | None
    plain: bool
    """Whether its type follows from its text: neither quoted nor tagged."""
    line: int
    column: int


@dataclass(slots=True)
class SequenceNode:
    """One list."""

    tag: str | None
    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MappingNode:
    """One mapping, in the order of the file, duplicates and ``<<`` included."""

    tag: str | None
    line: int
    column: int
    entries: list[tuple[Node, Node]] = field(default_factory=list)


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode
"""An alias is the very node that its anchor names."""


def compose_documents(content: bytes, *, file: str) -> list[Node]:
    """The root nodes of the documents of a YAML file, empty ones left out.

    ``file`` is what errors call it. Raises :class:`DefinitionError` for what is no YAML or nests too deeply.
    """
    try:
        text = content.decode("utf-8-sig")
        return _Composer(file, yaml.parse(text, Loader=_PARSER)).documents()
    except UnicodeDecodeError as error:
        raise DefinitionError("this file is not UTF-8 text", where=file) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        lines = content.decode("utf-8-sig").split("\n")
        is_tab = mark is not None and mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]
        raise DefinitionError(
            f"not valid YAML: {error.problem or error.context}",
            where=where,
            hint="there is a tab: YAML indents with spaces" if is_tab else None,
        ) from error
    except yaml.YAMLError as error:
        raise DefinitionError(f"not valid YAML: {str(error).splitlines()[0]}", where=file) from error


def _position(event: yaml.Event) -> tuple[int, int]:
    """Line and column from 1; events that begin something always have a mark."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Composer:
    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self._file = file
        self._events = events
        self._anchors: dict[str, Node] = {}

    def documents(self) -> list[Node]:
        nodes: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                nodes.append(self._node(next(self._events), 0))
        return [node for node in nodes if not (isinstance(node, ScalarNode) and node.plain and not node.text)]

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line, column = _position(event)
        if depth > MAX_NESTING:
            raise self._error(f"collections are nested more than {MAX_NESTING} deep", line, column)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self._error(f"unknown anchor {event.anchor!r}", line, column)
            return self._anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            scalar = ScalarNode(event.value, event.tag, bool(event.implicit[0]), line, column)
            return self._named(event.anchor, scalar)
        if isinstance(event, yaml.SequenceStartEvent):
            sequence = SequenceNode(event.tag, line, column)
            self._named(event.anchor, sequence)
            while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
                sequence.items.append(self._node(event, depth + 1))
            return sequence
        if not isinstance(event, yaml.MappingStartEvent):
            raise self._error("a value is missing", line, column)
        mapping = MappingNode(event.tag, line, column)
        self._named(event.anchor, mapping)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            mapping.entries.append((key, self._node(next(self._events), depth + 1)))
        return mapping

    def _named(self, anchor: str | None, node: Node) -> Node:
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _error(self, message: str, line: int, column: int) -> DefinitionError:
        return DefinitionError(message, where=str(Location(self._file, line, column)))
