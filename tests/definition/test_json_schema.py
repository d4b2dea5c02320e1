"""Our schema checker against the ``jsonschema`` package."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from previewer.definition.json_schema import ANNOTATIONS, CHECKS, Schema, find_violation, load_schema
from previewer.definition.values import Value

COMPOSE = load_schema("compose-spec.json")
EXTENSION = load_schema("x-previewer.json")
NAMES_FOLLOW = ("properties", "patternProperties", "definitions")
PUBLISHED = Path(__file__).parent / "cases"


def expected_models() -> list[dict[str, Any]]:
    models = []
    for path in sorted(PUBLISHED.glob("*.json")):
        models += [case["expected"] for case in json.loads(path.read_text("utf-8")).values() if case["expected"]]
    return models


def keywords(schema: Value, *, names: bool = False) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, item in schema.items():
            if not names:
                yield key
            yield from keywords(item, names=not names and key in NAMES_FOLLOW)
    elif isinstance(schema, list):
        for item in schema:
            yield from keywords(item)


@pytest.mark.parametrize("schema", [COMPOSE, EXTENSION])
def test_the_bundled_schemas_use_only_what_is_understood(schema: Schema) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert set(keywords(schema)) <= CHECKS.keys() | ANNOTATIONS


ORACLE = jsonschema.Draft7Validator(COMPOSE)
MODELS = expected_models()
REPLACEMENTS: list[Value] = [
    None,
    True,
    1,
    1.5,
    -1,
    "",
    "x",
    "1s",
    [],
    ["a"],
    ["a", "a"],
    [None],
    {},
    {"x": 1},
    {"x-y": 1},
]


def places(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_agrees_with_jsonschema_on_changed_models(data: st.DataObject) -> None:
    model = copy.deepcopy(data.draw(st.sampled_from(MODELS)))
    *parents, last = data.draw(st.sampled_from([place for place in places(model) if place]))
    target: Any = model
    for key in parents:
        target = target[key]
    target[last] = data.draw(st.sampled_from(REPLACEMENTS))
    if isinstance(target, dict) and data.draw(st.booleans()):
        target[data.draw(st.sampled_from(["x-any", "unknown", "image", "name"]))] = target.pop(last)
    assert (find_violation(model, COMPOSE) is None) == ORACLE.is_valid(model)


def test_agrees_with_jsonschema_on_what_compose_prints() -> None:
    for model in MODELS:
        assert (find_violation(model, COMPOSE) is None) == ORACLE.is_valid(model)
