"""``${PREVIEWER_URL}`` and its like in definitions: known when an environment starts, and marks until then.

A mark is the same in every environment, so that the values are part of no digest, a release's or a build's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.errors import DefinitionError

_NAME = re.compile(
    "PREVIEWER(_(BRANCH|COMMIT|ENVIRONMENT|EXPIRES_AT|FIRST_RUN|RELEASE|ROLE|URL(_[A-Za-z0-9_]+)?))?"
)
MARK = re.compile(r"\$\{(?P<name>PREVIEWER[A-Za-z0-9_]*)@run\}")


def mark_of(name: str) -> str | None:
    """What stands for a variable that an environment gives its containers; ``None`` for any other variable."""
    return f"${{{name}@run}}" if _NAME.fullmatch(name) else None


def fill_marks(value: JsonValue, variables: Mapping[str, str], *, where: str) -> JsonValue:
    """``value`` with the environment's ``variables`` in place of marks.

    Raises :class:`DefinitionError` for a mark of a variable that the environment does not have.
    """
    if isinstance(value, str):
        return MARK.sub(lambda found: _value(found["name"], variables, where), value)
    if isinstance(value, Mapping):
        return {key: fill_marks(inner, variables, where=where) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill_marks(inner, variables, where=where) for inner in value]
    return value


def filled(table: JsonObject, variables: Mapping[str, str], *, where: str) -> JsonObject:
    """:func:`fill_marks` of a mapping."""
    return {key: fill_marks(value, variables, where=where) for key, value in table.items()}


def _value(name: str, variables: Mapping[str, str], where: str) -> str:
    if name not in variables:
        urls = ", ".join(sorted(known for known in variables if known.startswith("PREVIEWER_URL"))) or "none"
        raise DefinitionError(
            f"{name} has no value in this environment",
            where=where,
            hint=f"each published TCP port has a URL, here {urls}",
        )
    return variables[name]
