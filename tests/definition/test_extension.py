"""The documented example of ``x-previewer`` is a definition that loads, and shows every key there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from previewer.definition import load_definition
from previewer.definition.schema import load_schema
from previewer.definition.values import Value
from tests.definition.trees import tree_of

EXAMPLE = Path(__file__).parents[2] / "docs" / "x-previewer.yaml"


def documented_keys(value: object, schema: Value) -> Iterator[str]:
    """The keys of the schema that ``value`` has."""
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    if isinstance(value, dict) and isinstance(properties, dict):
        for key, item in value.items():
            if key in properties:
                yield key
            yield from documented_keys(item, properties.get(key, others))
    elif isinstance(value, list):
        for item in value:
            yield from documented_keys(item, schema.get("items"))


def all_keys(schema: Value) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        for key, item in properties.items() if isinstance(properties, dict) else ():
            yield key
            yield from all_keys(item)
        for below in ("items", "additionalProperties"):
            yield from all_keys(schema.get(below))


def test_the_example_loads_and_names_every_key() -> None:
    tree = tree_of({"x-previewer.yaml": EXAMPLE.read_bytes()})
    definition = load_definition(tree, files=["x-previewer.yaml"])
    schema = load_schema("x-previewer.json")
    assert set(documented_keys(definition.extension, schema)) == set(all_keys(schema))
    assert definition.warnings == ()
