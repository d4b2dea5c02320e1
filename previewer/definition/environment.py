"""``environment`` and ``build.args``: a mapping, or a list of ``KEY=value`` and ``KEY``."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.definition.go_text import go_text
from previewer.definition.model_error import ModelError
from previewer.definition.values import Table, Value, as_items, as_table


def environment_table(value: Value, around: Mapping[str, str]) -> Table:
    """By name; a variable without a value takes the one from ``around``, else it is null (unset in the container).

    Raises :class:`ModelError` for a name with white space at its end.
    """
    if not isinstance(value, list):
        return {key: around.get(key) if item is None else go_text(item) for key, item in as_table(value).items()}
    table: Table = {}
    for item in as_items(value):
        key, equals, assigned = go_text(item).partition("=")
        if key[-1:].isspace():
            raise ModelError(f"the name of the variable {key!r} ends with white space")
        table[key] = assigned if equals else around.get(key)
    return table


def fill_environment_list(value: Value, around: Mapping[str, str]) -> Value:
    """A list in which every ``KEY`` that ``around`` knows has its value; anything else unchanged.

    Done once for each project directory, since an included file has variables of its own.
    """
    if not isinstance(value, list):
        return value
    return [f"{item}={around[item]}" if isinstance(item, str) and item in around else item for item in value]
