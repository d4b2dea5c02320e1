"""The normal form of what runs: flat, one field a fact, in the words of the Compose Specification.

The same fields are made of a create body (what was frozen) and of an engine's inspection (what is there), so that
comparing is comparing two mappings. Names are ``mem_limit``, ``environment.COLOUR``, ``mounts./data``,
``ports.8080/tcp``, ``networks.shop-main-g1_default``. What an engine fills in by itself is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from previewer.domain.json_value import JsonValue
from previewer.frozen import dataclass

Fields = Mapping[str, JsonValue]
"""By name. A field that is not there says nothing: its value is the engine's default."""

ENVIRONMENT = "environment."
LABELS = "labels."
MOUNTS = "mounts."
NETWORKS = "networks."
PORTS = "ports."


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that is not the same on both sides."""

    name: str
    frozen: JsonValue
    """``None`` where only the live one says something."""
    live: JsonValue
    """``None`` where only the frozen one does."""


def compare_fields(frozen: Fields, live: Fields) -> Iterator[FieldDifference]:
    """The fields that differ, sorted by name."""
    for name in sorted({*frozen, *live}):
        if frozen.get(name) != live.get(name):
            yield FieldDifference(name, frozen.get(name), live.get(name))


def below(fields: Fields, prefix: str) -> dict[str, JsonValue]:
    """The fields whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): value for name, value in fields.items() if name.startswith(prefix)}
