"""Short forms that many keys share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from previewer.definition.values import ModelError, Table, Value

Forms: TypeAlias = Mapping[str, Callable[[Value], Value]]
"""By key: what makes its value a long form."""


def one_as_list(value: Value) -> Value:
    """One text where a list may stand."""
    return [value] if isinstance(value, str) else value


def names_as_table(value: Value) -> Value:
    """A list of names where a mapping may stand: each without settings."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {str(name): None for name in value}
    return value


def sources_as_tables(value: Value) -> Value:
    """Secrets and configs: a name is the mapping with that ``source``."""
    if not isinstance(value, list):
        return value
    return [{"source": item} if isinstance(item, str) else item for item in value]


def assignments_as_table(value: Value) -> Value:
    """A list of ``key=value``."""
    if not isinstance(value, list):
        return value
    table: Table = {}
    for item in value:
        key, equals, assigned = item.partition("=") if isinstance(item, str) else ("", "", "")
        if not equals:
            raise ModelError(f"{item!r} is not of the form key=value")
        table[key] = assigned
    return table


def each_item(expand: Callable[[str], list[Value]]) -> Callable[[Value], Value]:
    """Expand every text of a list, each to any number of items."""

    def expand_items(value: Value) -> Value:
        if not isinstance(value, list):
            return value
        expanded: list[Value] = []
        for index, item in enumerate(value):
            try:
                expanded += expand(item) if isinstance(item, str) else [item]
            except ModelError as error:
                raise error.under(str(index)) from error
        return expanded

    return expand_items
