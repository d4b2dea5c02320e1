"""How large and how deep a YAML document is once its aliases are replaced, found without replacing them.

Twelve lines of anchors can stand for more values than fit into memory, and a chain of them for a deeper nesting
than Python can follow. Every node is measured once; an alias names a node that has been measured before it.
"""

from __future__ import annotations

from msgspec import Struct, field

from previewer.definition.limits import MAX_NESTING
from previewer.definition.yaml.nodes import MappingNode, Node, SequenceNode
from previewer.domain.compose.definition import Location
from previewer.errors import DefinitionError


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
