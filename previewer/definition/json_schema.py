"""The part of JSON Schema draft 7 that the bundled schemas use, checked quickly and told in a user's words.

The ``jsonschema`` package takes 0.1 s to import and several times as long to check a large file; it is the
oracle of the tests, which also hold that the bundled schemas use no keyword that is missing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from previewer.definition.values import ModelError, Table, Value, as_table, items_at, nearest_name_hint, table_at
from previewer.domain.compose.definition import ModelPath

Schema: TypeAlias = Table


class Violation(Struct, frozen=True):
    """One place that does not fit the schema."""

    path: ModelPath
    message: str
    hint: str | None = None
    expected: tuple[str, ...] = ()
    """The types that would have been right, where the type is what is wrong."""


def find_violation(value: Value, schema: Schema) -> Violation | None:
    """The violation that is deepest inside ``value``, the first of equals; ``None`` where all fits."""
    return _deepest(_Checker(schema).violations(value, schema, ()))


TYPE_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


QUOTES_HINT = "put quotes around it"
NAMES_HINT = "a name here has only letters, digits, '.', '_' and '-'"
NAMES_PATTERN = "^[a-zA-Z0-9._-]+$"


def _has_type(value: Value, name: str) -> bool:
    if name in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return name == "number" or float(value).is_integer()
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    return isinstance(value, types[name])


def _is_unquoted(value: Value, allowed: Sequence[str]) -> bool:
    """Whether quotes would make it right: a number or a boolean where text is wanted, and nothing like it."""
    return "string" in allowed and isinstance(value, (bool, int, float))


def _deepest(violations: Iterator[Violation]) -> Violation | None:
    return max(violations, key=lambda violation: len(violation.path), default=None)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the schema; ``$`` there is the very end, while Python's lets a newline follow."""
    return re.compile(pattern.replace("$", r"\Z"))


def _identity(value: Value) -> str:
    return json.dumps(value, sort_keys=True)


Check: TypeAlias = "Callable[[_Checker, Value, Value, Schema, ModelPath], Iterator[Violation]]"


class _Checker:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def violations(self, value: Value, schema: Schema, path: ModelPath) -> Iterator[Violation]:
        for keyword, argument in schema.items():
            check = CHECKS.get(keyword)
            if check is not None:
                yield from check(self, value, argument, schema, path)

    def fits(self, value: Value, schema: Schema) -> bool:
        return next(self.violations(value, schema, ()), None) is None

    def reference(self, value: Value, target: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        schema: Value = self._root
        for key in str(target).removeprefix("#/").split("/"):
            schema = cast("Table", schema)[key]
        return self.violations(value, cast("Schema", schema), path)

    def type(self, value: Value, names: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        allowed = [names] if isinstance(names, str) else cast("list[str]", names)
        if not any(_has_type(value, name) for name in allowed):
            violation = _wrong_type(path, tuple(allowed))
            yield replace(violation, hint=QUOTES_HINT) if _is_unquoted(value, allowed) else violation

    def properties(self, value: Value, schemas: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if isinstance(value, dict):
            known = cast("dict[str, Schema]", schemas)
            for key, item in value.items():
                if key in known:
                    yield from self.violations(item, known[key], (*path, key))

    def pattern_properties(
        self, value: Value, schemas: Value, _schema: Schema, path: ModelPath
    ) -> Iterator[Violation]:
        if isinstance(value, dict):
            for pattern, schema in cast("dict[str, Schema]", schemas).items():
                for key, item in value.items():
                    if _compiled(pattern).search(key):
                        yield from self.violations(item, schema, (*path, key))

    def additional_properties(
        self, value: Value, allowed: Value, schema: Schema, path: ModelPath
    ) -> Iterator[Violation]:
        if not isinstance(value, dict) or allowed is True:
            return
        known = cast("Table", schema.get("properties", {}))
        patterns = [_compiled(pattern) for pattern in cast("Table", schema.get("patternProperties", {}))]
        for key, item in value.items():
            if key in known or any(pattern.search(key) for pattern in patterns):
                continue
            if isinstance(allowed, dict):
                yield from self.violations(item, allowed, (*path, key))
            else:
                hint = nearest_name_hint(key, known) or (
                    NAMES_HINT if NAMES_PATTERN in table_at(schema, "patternProperties") else None
                )
                yield Violation((*path, key), f"unknown key {key!r}", hint)

    def items(self, value: Value, schema: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.violations(item, cast("Schema", schema), (*path, str(index)))

    def one_of(self, value: Value, schemas: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        branches = cast("list[Schema]", schemas)
        fitting = sum(self.fits(value, branch) for branch in branches)
        if fitting > 1:
            yield Violation(path, "this can be understood in more than one way")
        elif fitting == 0:
            deepest = [_deepest(self.violations(value, branch, path)) for branch in branches]
            yield _best_of_branches([violation for violation in deepest if violation], path)

    def required(self, value: Value, names: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if isinstance(value, dict):
            for name in cast("list[str]", names):
                if name not in value:
                    yield Violation(path, f"the key {name!r} is missing")

    def enum(self, value: Value, values: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        allowed = cast("list[Value]", values)
        if not any(value == item and isinstance(value, bool) == isinstance(item, bool) for item in allowed):
            yield Violation(
                path,
                f"{value!r} is none of {', '.join(map(str, allowed))}",
                nearest_name_hint(str(value), map(str, allowed)),
            )

    def pattern(self, value: Value, pattern: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if isinstance(value, str) and not _compiled(str(pattern)).search(value):
            yield Violation(path, f"{value!r} does not have the form {pattern}")

    def minimum(self, value: Value, limit: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if _has_type(value, "number") and cast("float", value) < cast("float", limit):
            yield Violation(path, f"{value} is less than {limit}")

    def maximum(self, value: Value, limit: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if _has_type(value, "number") and cast("float", value) > cast("float", limit):
            yield Violation(path, f"{value} is more than {limit}")

    def unique_items(self, value: Value, wanted: Value, _schema: Schema, path: ModelPath) -> Iterator[Violation]:
        if not wanted or not isinstance(value, list):
            return
        seen: set[str] = set()
        for index, item in enumerate(value):
            if (identity := _identity(item)) in seen:
                yield Violation((*path, str(index)), "this item stands here twice")
            seen.add(identity)


def _wrong_type(path: ModelPath, expected: Sequence[str]) -> Violation:
    names = [TYPE_NAMES[name] for name in dict.fromkeys(expected)]
    types = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return Violation(path, f"this must be {types}", expected=tuple(expected))


def _best_of_branches(violations: Sequence[Violation], path: ModelPath) -> Violation:
    """What to say where none of the alternatives fits: the one that got furthest, else all types that would."""
    best = max(violations, key=lambda violation: len(violation.path))
    fitting_type = [violation for violation in violations if not (violation.expected and violation.path == path)]
    if len(best.path) > len(path) or (fitting_type and len(fitting_type) < len(violations)):
        return max(fitting_type, key=lambda violation: len(violation.path))
    expected = [name for violation in violations for name in violation.expected]
    return _wrong_type(path, expected) if expected else best


CHECKS: Mapping[str, Check] = {
    "$ref": _Checker.reference,
    "type": _Checker.type,
    "properties": _Checker.properties,
    "patternProperties": _Checker.pattern_properties,
    "additionalProperties": _Checker.additional_properties,
    "items": _Checker.items,
    "oneOf": _Checker.one_of,
    "required": _Checker.required,
    "enum": _Checker.enum,
    "pattern": _Checker.pattern,
    "minimum": _Checker.minimum,
    "maximum": _Checker.maximum,
    "uniqueItems": _Checker.unique_items,
}
"""The keywords that are understood."""
ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "default", "deprecated", "definitions"})
"""Keywords that say something but check nothing."""


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


def check_extension(model: Table, *, services: Collection[str], volumes: Collection[str]) -> None:
    """Raises :class:`ModelError` with the place for a service or volume that is unknown.

    ``services`` are the names of all that are declared and not omitted, whichever profiles are on, and ``volumes``
    the keys of all that are declared.
    """
    for path, service in _named_services(table_at(model, EXTENSION)):
        if service not in services:
            hint = nearest_name_hint(service, services) or f"there is {', '.join(sorted(services)) or 'none'}"
            raise ModelError(f"there is no service {service!r}", path=(EXTENSION, *path), hint=hint)
    filled: dict[str, str] = {}
    for path, volume in _named_volumes(table_at(model, EXTENSION)):
        if volume not in volumes:
            hint = nearest_name_hint(volume, volumes) or f"there is {', '.join(sorted(volumes)) or 'none'}"
            raise ModelError(f"there is no volume {volume!r}", path=(EXTENSION, *path), hint=hint)
        if path[0] == "seeds" and (seed := filled.setdefault(volume, path[1])) != path[1]:
            message = f"the volume {volume!r} is filled by the seed {seed!r} too"
            raise ModelError(message, path=(EXTENSION, *path), hint="let one of them do both")


def _named_services(extension: Table) -> Iterator[tuple[ModelPath, str]]:
    for index, route in enumerate(items_at(extension, "routes")):
        yield ("routes", str(index), "service"), _service_of(route)
    for name in table_at(extension, "await_ports"):
        yield ("await_ports", name), name
    for name in table_at(extension, "writable"):
        yield ("writable", name), name
    for name, seed in table_at(extension, "seeds").items():
        yield ("seeds", name, "run"), _service_of(seed, "run")
    if mask := table_at(table_at(extension, "data"), "mask"):
        yield ("data", "mask", "run"), _service_of(mask, "run")


def _named_volumes(extension: Table) -> Iterator[tuple[ModelPath, str]]:
    for name in table_at(extension, "lifetime"):
        yield ("lifetime", name), name
    for seed, entry in sorted(table_at(extension, "seeds").items()):
        for index, volume in enumerate(items_at(entry, "volumes")):
            yield ("seeds", seed, "volumes", str(index)), str(volume)


def _service_of(entry: Value, key: str = "service") -> str:
    return str(as_table(entry).get(key))
