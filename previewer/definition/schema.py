"""Checks a model against the official Compose schema, and ``x-previewer`` against ours."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import cast

from previewer.definition.json_schema import Schema, find_violation
from previewer.definition.model_error import ModelError
from previewer.definition.values import Table, Value

EXTENSION = "x-previewer"
"""The top-level key that holds what is ours."""


def check_compose_schema(model: Table) -> None:
    """Raises :class:`ModelError` with the place for a model that the Compose Specification does not allow."""
    try:
        _check(model, "compose-spec.json", ())
    except ModelError as error:
        if error.hint is None and len(error.path) == 1 and _is_service(model.get(error.path[0])):
            error.hint = "services stand under the top-level key 'services'"
        raise


def check_extension_schema(model: Table) -> None:
    """Raises :class:`ModelError` with the place for an ``x-previewer`` that says something unknown."""
    if EXTENSION in model:
        _check(model[EXTENSION], "x-previewer.json", (EXTENSION,))


def _is_service(value: Value) -> bool:
    """Whether it looks like a service at the top level, as in the first version of Compose files."""
    return isinstance(value, dict) and not {"image", "build"}.isdisjoint(value)


@cache
def load_schema(name: str) -> Schema:
    """A bundled schema by its file name."""
    return cast("Schema", json.loads((files(__package__) / "schema" / name).read_text("utf-8")))


def _check(value: Value, schema: str, path: tuple[str, ...]) -> None:
    violation = find_violation(value, load_schema(schema))
    if violation is not None:
        raise ModelError(violation.message, path=(*path, *violation.path), hint=violation.hint)
