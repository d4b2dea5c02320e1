"""The table of Compose keys against the specification's schema, and each reader's column against the table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec
import pytest

from previewer.definition.casting import CASTS_OF_KINDS
from previewer.definition.merge import IDENTITIES_BY_NAME, MERGES
from previewer.definition.typed_values import FORMS
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.key import EngineField, Identity, Kind, MappedBy, Merge
from previewer.domain.compose.keys import ALL_KEYS, RESOURCE_KEYS, SERVICE_KEYS
from previewer.domain.compose.resources import FileResource, Network, Volume
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonObject
from previewer.engine.mapping.fields import ENCODINGS, MAPPINGS
from previewer.errors import DefinitionError

SPECIFICATION: dict[str, Any] = json.loads(
    (resources.files("previewer.definition") / "schema" / "compose-spec.json").read_text(encoding="utf-8")
)
DEFINITIONS: dict[str, Any] = SPECIFICATION["definitions"]


def alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that may apply to a value, references followed."""
    if "$ref" in schema:
        yield from alternatives(DEFINITIONS[schema["$ref"].removeprefix("#/definitions/")])
        return
    yield schema
    for combination in ("oneOf", "anyOf", "allOf"):
        for alternative in schema.get(combination, ()):
            yield from alternatives(alternative)


def schemas_below(schema: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    """The schemas of what stands at ``key`` (``*`` and ``[]`` as in the table)."""
    for alternative in alternatives(schema):
        if key == "[]" and isinstance(alternative.get("items"), dict):
            yield alternative["items"]
        elif key == "*":
            yield from alternative.get("patternProperties", {}).values()
        elif key in alternative.get("properties", {}):
            yield alternative["properties"][key]


def exists(schema: dict[str, Any], path: str) -> bool:
    key, _, rest = path.partition(".")
    found = list(schemas_below(schema, key))
    return any(exists(part, rest) for part in found) if rest else bool(found)


def test_every_path_is_in_the_specification() -> None:
    unknown = [row.path for row in SERVICE_KEYS if not exists(DEFINITIONS["service"], row.path)]
    assert unknown + [row.path for row in RESOURCE_KEYS if not exists(SPECIFICATION, row.path)] == []


def test_no_path_has_two_rows() -> None:
    assert [path for path, times in Counter(path for path, _row in ALL_KEYS).items() if times > 1] == []


def test_every_key_of_a_service_is_mapped_or_has_a_reason_why_not() -> None:
    assert set(DEFINITIONS["service"]["properties"]) <= MAPPINGS.keys()
    deploy = {path.removeprefix("deploy.") for path in MAPPINGS if path.startswith("deploy.")}
    assert set(DEFINITIONS["deployment"]["properties"]) == deploy


def test_every_field_has_an_encoding_and_every_module_that_maps_is_there() -> None:
    fields = [row for row in SERVICE_KEYS if isinstance(row.mapping, EngineField)]
    assert [row.path for row in fields if row.kind not in ENCODINGS] == []
    modules = {
        module
        for row in SERVICE_KEYS
        if isinstance(row.mapping, MappedBy)
        for module in row.mapping.module.partition(":")[0].split(", ")
    }
    folder = resources.files("previewer.engine.mapping")
    assert [module for module in modules if not (folder / f"{module}.py").is_file()] == []


def test_every_column_is_read() -> None:
    assert set(MERGES) == set(Merge)
    assert set(IDENTITIES_BY_NAME) == set(Identity)
    assert {*CASTS_OF_KINDS, *FORMS, *ENCODINGS} == set(Kind)


TYPES: dict[Kind, tuple[type[msgspec.inspect.Type], ...]] = {
    Kind.BYTES: (msgspec.inspect.IntType,),
    Kind.DEVICE_COUNT: (msgspec.inspect.IntType,),
    Kind.DURATION: (msgspec.inspect.StrType,),
    Kind.ENVIRONMENT: (msgspec.inspect.DictType,),
    Kind.FILE_MODE: (msgspec.inspect.UnionType,),
    Kind.FLAG: (msgspec.inspect.BoolType,),
    Kind.HEALTH_TEST: (msgspec.inspect.VarTupleType, msgspec.inspect.StrType),
    Kind.HOSTS: (msgspec.inspect.VarTupleType,),
    Kind.INTEGER: (msgspec.inspect.IntType,),
    Kind.LIMIT: (msgspec.inspect.UnionType, msgspec.inspect.IntType),
    Kind.LIMITS: (msgspec.inspect.DictType,),
    Kind.LOGGING: (msgspec.inspect.StructType,),
    Kind.NUMBER: (msgspec.inspect.FloatType,),
    Kind.PROCESSORS: (msgspec.inspect.FloatType,),
    Kind.PUBLISHED_PORT: (msgspec.inspect.StrType,),
    Kind.RESTART: (msgspec.inspect.StrType,),
    Kind.SECONDS: (msgspec.inspect.StrType,),
    Kind.SSH_KEYS: (msgspec.inspect.VarTupleType,),
    Kind.TEMPORARY_FOLDERS: (msgspec.inspect.VarTupleType,),
    Kind.TEXT: (msgspec.inspect.StrType,),
    Kind.TEXTS: (msgspec.inspect.VarTupleType,),
    Kind.TEXT_BY_NAME: (msgspec.inspect.DictType,),
}
"""How a value of a kind is typed, in its normal form."""
CONFIGS_ONLY = "secrets.*.content"
OWN_FIELDS = {"name", "spec", "key", "service"}


def fields_below(kind: msgspec.inspect.Type, path: str) -> Iterator[tuple[str, msgspec.inspect.Type]]:
    """Every field of a typed value with its path as the table spells it, but for what previewer adds."""
    inspect = msgspec.inspect
    if isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from fields_below(part, path)
    elif isinstance(kind, inspect.VarTupleType):
        yield from fields_below(kind.item_type, f"{path}[].")
    elif isinstance(kind, inspect.DictType):
        yield from fields_below(kind.value_type, f"{path}*.")
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            if field.encode_name not in OWN_FIELDS and not field.encode_name.startswith("x-"):
                below = path + field.encode_name
                yield below, field.type
                yield from fields_below(field.type, f"{below}.")


TYPED = [
    *((f"services.*.{path}", kind) for path, kind in fields_below(msgspec.inspect.type_info(Service), "")),
    *fields_below(msgspec.inspect.type_info(Network), "networks.*."),
    *fields_below(msgspec.inspect.type_info(Volume), "volumes.*."),
    *fields_below(msgspec.inspect.type_info(FileResource), "secrets.*."),
]


def test_typed_values_have_fields_of_the_specification_only() -> None:
    assert len(TYPED) > 100
    own = [path.removeprefix("services.*.") for path, _kind in TYPED if path.startswith("services.")]
    shared = [path for path, _kind in TYPED if not path.startswith("services.") and path != CONFIGS_ONLY]
    unknown = [path for path in own if not exists(DEFINITIONS["service"], path)]
    assert unknown + [path for path in shared if not exists(SPECIFICATION, path)] == []


def test_typed_values_have_the_types_of_the_table() -> None:
    kinds = {path: row.kind for path, row in ALL_KEYS if row.kind is not None}
    compared = [(path, kinds[path], kind) for path, kind in TYPED if path in kinds]
    assert len(compared) > 50

    def fits(kind: Kind, typed: msgspec.inspect.Type) -> bool:
        options = typed.types if isinstance(typed, msgspec.inspect.UnionType) else (typed,)
        told = [option for option in options if not isinstance(option, msgspec.inspect.NoneType)]
        return isinstance(typed, TYPES[kind]) or all(isinstance(option, TYPES[kind]) for option in told)

    assert [(path, kind.name) for path, kind, typed in compared if not fits(kind, typed)] == []


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (
            {"privileged": "maybe", "ports": [{"target": "web"}]},
            r"services\.web\.ports\[0\]\.target: expected `int`",
        ),
        ({"read_only": "maybe"}, r"services\.web\.read_only: expected `bool`"),
        ({"volumes": "./src:/src"}, r"services\.web\.volumes: expected `array`"),
        ({"build": "."}, r"services\.web\.build: expected `object"),
        (
            {"depends_on": {"db": {"condition": "service_happy"}}},
            r"services\.web\.depends_on.*\.condition",
        ),
        ({"mem_limit": "512m"}, r"services\.web\.mem_limit: expected `int`"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_it(service: JsonObject, words: str) -> None:
    model: JsonObject = {"services": {"web": service}}
    definition = Definition(name="preview", role=Role.PREVIEW, files=("compose.yaml",), model=model)
    with pytest.raises(DefinitionError, match=words) as caught:
        _ = definition.services
    assert caught.value.where == "compose.yaml"
