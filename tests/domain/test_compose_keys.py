"""The table of Compose keys against the specification's schema, and each reader's column against the table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from typing import Any

from previewer.definition.casting import CASTS_OF_KINDS
from previewer.definition.merge import IDENTITIES_BY_NAME, MERGES
from previewer.definition.typed_values import FORMS
from previewer.domain.compose.key import EngineField, Identity, Kind, MappedBy, Merge
from previewer.domain.compose.keys import ALL_KEYS, RESOURCE_KEYS, SERVICE_KEYS
from previewer.engine.mapping.fields import ENCODINGS, MAPPINGS

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
