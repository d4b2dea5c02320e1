"""The mutable form of a model while it is loaded, and the error of everything that knows a place in it."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from previewer.domain.compose.definition import ModelPath
from previewer.errors import DefinitionError


class ModelError(DefinitionError):
    """Something is wrong at ``path`` of the model; the loader adds the file and line (``where``)."""

    def __init__(self, message: str, *, path: ModelPath = (), hint: str | None = None) -> None:
        super().__init__(f"{'.'.join(path)}: {message}" if path else message, hint=hint)
        self.path = path

    def under(self, *prefix: str) -> ModelError:
        """The same error with the keys that lead to the place in front of its path."""
        message = self.message.removeprefix(f"{'.'.join(self.path)}: ") if self.path else self.message
        return ModelError(message, path=(*prefix, *self.path), hint=self.hint)


def nearest_name_hint(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known one that looks most like ``name``; ``None`` where none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None


Value: TypeAlias = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Table: TypeAlias = dict[str, Value]
"""A mapping of the model; its keys are always text."""
RESOURCE_SECTIONS = ("networks", "volumes", "secrets", "configs", "models")
"""The top-level sections that services refer to by name."""


def as_table(value: Value) -> Table:
    """``value`` itself where it is a mapping, so that changes stick; else an empty one."""
    return value if isinstance(value, dict) else {}


def as_items(value: Value) -> list[Value]:
    """``value`` itself where it is a list, so that changes stick; else an empty one."""
    return value if isinstance(value, list) else []


def text_or_items(value: Value) -> list[Value]:
    """The items of a list, or of one text where Compose takes either; nothing for null."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def table_at(value: Value, *keys: str) -> Table:
    """The mapping that ``keys`` lead to; an empty one where there is none."""
    for key in keys:
        value = as_table(value).get(key)
    return as_table(value)


def items_at(value: Value, *keys: str) -> list[Value]:
    """The list that ``keys`` lead to, itself; an empty one where there is none."""
    return as_items(table_at(value, *keys[:-1]).get(keys[-1]))


def tables_at(value: Value, *keys: str) -> list[Table]:
    """The mappings among the items of the list that ``keys`` lead to."""
    return [item for item in items_at(value, *keys) if isinstance(item, dict)]


def named_tables(model: Table, section: str) -> Iterator[tuple[str, Table]]:
    """The name and mapping of each service, network, ... that is written as a mapping."""
    for name, value in table_at(model, section).items():
        if isinstance(value, dict):
            yield name, value


def copy_table(table: Table) -> Table:
    """A deep copy."""
    return copy.deepcopy(table)


def count_nodes(value: Value) -> int:
    """How many values there are in ``value``, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(count_nodes, value.values()))
    return 1 + sum(map(count_nodes, value)) if isinstance(value, list) else 1


MAX_FILE_BYTES = 1 << 20
"""Of one Compose file."""
MAX_ENV_FILE_BYTES = 1 << 20
"""Of one ``.env``, ``env_file`` or ``label_file``."""
MAX_FILES = 500
"""Compose and environment files that one definition may read, each inclusion counted."""
MAX_NODES = 500_000
"""YAML values after all aliases, inclusions and extensions."""
MAX_NESTING = 100
"""Of YAML collections."""
MAX_TEXT = 16 << 20
"""Characters that interpolation may produce in all."""
MAX_INTERPOLATION_DEPTH = 50
"""Of ``${A:-${B:-...}}``."""
MAX_EXTENDS_DEPTH = 50
MAX_INCLUDE_DEPTH = 20
MAX_SERVICES = 200


class Budget:
    """An amount that may be spent once, in all calls together."""

    def __init__(self, amount: int, what: str) -> None:
        self._left = amount
        self._message = f"the definition is too large: more than {amount} {what}"

    def spend(self, amount: int = 1) -> None:
        """Take ``amount``; raises :class:`DefinitionError` once more is asked for than there was."""
        self._left -= amount
        if self._left < 0:
            raise DefinitionError(
                self._message, hint="look for anchors, inclusions or variables that multiply each other"
            )
