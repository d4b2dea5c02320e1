"""The mutable form of a model while it is loaded: plain dictionaries, lists and scalars, as YAML gives them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TypeAlias

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


def as_tables(value: Value) -> list[Table]:
    """The mappings among the items of a list."""
    return [item for item in as_items(value) if isinstance(item, dict)]


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


def named_tables(model: Table, section: str) -> Iterator[tuple[str, Table]]:
    """The name and mapping of each service, network, ... that is written as a mapping."""
    for name, value in as_table(model.get(section)).items():
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
