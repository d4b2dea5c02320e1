"""Checks a model against the Compose schema, and ``x-previewer`` against its own and beyond it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files
from typing import cast

from previewer.definition.json_schema import Schema, find_violation
from previewer.definition.values import ModelError, Table, Value, as_items, as_table, nearest_name_hint, table_at
from previewer.domain.compose.definition import ModelPath

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


def check_extension(model: Table, *, services: Collection[str]) -> None:
    """Raises :class:`ModelError` with the place for a service that is unknown.

    ``services`` are the names of all that are declared and not omitted, whichever profiles are on.
    """
    for path, service in _named_services(table_at(model, EXTENSION)):
        if service not in services:
            hint = nearest_name_hint(service, services) or f"there is {', '.join(sorted(services)) or 'none'}"
            raise ModelError(f"there is no service {service!r}", path=(EXTENSION, *path), hint=hint)


def without_effect(model: Table) -> Iterator[tuple[ModelPath, str]]:
    """What this version does not carry out: where it stands, and what that means. It is not an error."""
    extension = table_at(model, EXTENSION)
    if seeds := table_at(extension, "seeds"):
        names = ", ".join(sorted(seeds))
        meaning = f"nothing loads seeds yet: environments start without {names}"
        yield (EXTENSION, "seeds"), meaning


def _named_services(extension: Table) -> Iterator[tuple[ModelPath, str]]:
    for index, route in enumerate(as_items(extension.get("routes"))):
        yield ("routes", str(index), "service"), _service_of(route)
    for name in table_at(extension, "await_ports"):
        yield ("await_ports", name), name
    for name in table_at(extension, "writable"):
        yield ("writable", name), name
    for name, seed in table_at(extension, "seeds").items():
        yield ("seeds", name, "service"), _service_of(seed)


def _service_of(entry: Value) -> str:
    return str(as_table(entry).get("service"))
