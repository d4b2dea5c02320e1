"""The documented example of ``x-previewer`` is a definition that loads, and shows every key there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.definition import load_definition
from previewer.definition.json_schema import load_schema
from previewer.definition.values import Value
from previewer.domain.compose.extension import Extension, read_extension
from previewer.domain.json_value import as_object
from previewer.errors import DefinitionError
from tests.definition.trees import load_text, tree_of

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
    assert set(documented_keys(definition.raw_extension, schema)) == set(all_keys(schema))
    assert set(Extension.__struct_fields__) <= set(definition.raw_extension)
    assert definition.extension.routes[0].service in definition.services
    assert definition.warnings == ()


def test_what_no_loader_has_checked_is_an_error_that_names_the_key() -> None:
    with pytest.raises(DefinitionError, match=r"x-previewer\.routes\[0\]: object missing required field `port`"):
        read_extension({"routes": [{"service": "web"}]}, where="preview")


@pytest.mark.parametrize(
    ("extension", "where", "message", "hint"),
    [
        ("routes: [{service: wbe, port: 80}]", "2:13", "there is no service 'wbe'", "did you mean 'web'?"),
        ("routes: [{service: web, port: 80}, {service: x, port: 80}]", "2:39", "no service 'x'", "there is web"),
        ("writable: {db: [/data]}", "2:14", "there is no service 'db'", "there is web"),
        ("seeds: {a: {run: db, volumes: [data]}}", "2:15", "there is no service 'db'", "there is web"),
        ("omit: [wbe]", "2:10", "there is no service 'wbe'", "did you mean 'web'?"),
    ],
)
def test_a_service_that_is_not_there_is_an_error(extension: str, where: str, message: str, hint: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text(f"x-previewer:\n  {extension}\nservices:\n  web: {{image: x, profiles: [off]}}\n")
    assert message in caught.value.message
    assert caught.value.where == f"compose.yaml:{where}"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("extension", "where", "message"),
    [
        ("lifetime: {dta: environment}", "2:14", "there is no volume 'dta'"),
        ("seeds: {a: {run: web, volumes: [dta]}}", "2:35", "there is no volume 'dta'"),
        (
            "seeds: {a: {run: web, volumes: [data]}, b: {run: web, volumes: [data]}}",
            "2:67",
            "the volume 'data' is filled by the seed 'a' too",
        ),
    ],
)
def test_a_volume_that_is_not_there_or_filled_twice_is_an_error(extension: str, where: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_text(f"x-previewer:\n  {extension}\nservices:\n  web: {{image: x}}\nvolumes: {{data: {{}}}}\n")
    assert message in caught.value.message
    assert caught.value.where == f"compose.yaml:{where}"


WITH_PROXY = """
x-previewer: {omit: [proxy, dev]}
services:
  proxy: {image: traefik, volumes: ["/var/run/docker.sock:/s"], networks: [edge], ports: ["80:80"]}
  dev: {image: tools, env_file: not-committed.env, depends_on: [web]}
  web:
    image: x
    depends_on: {proxy: {condition: service_healthy}, db: {condition: service_started}}
    links: ["dev:tools", "db"]
    volumes_from: ["dev:ro"]
    networks: [edge, default]
  db: {image: y, depends_on: [dev]}
networks: {edge: {}, other: {}}
"""


def test_an_omitted_service_is_gone_with_all_that_depends_on_it() -> None:
    definition = load_text(WITH_PROXY)
    assert list(definition.services) == ["db", "web"]
    web = definition.services["web"].spec
    assert set(as_object(web["depends_on"])) == {"db"}
    assert web["links"] == ["db"]
    assert "volumes_from" not in web
    assert not definition.services["db"].spec.get("depends_on")
    assert set(definition.networks) == {"default", "edge"}


def test_a_service_within_an_omitted_one_is_an_error() -> None:
    web = "web:\n    image: x\n    network_mode: service:vpn"
    text = f"services:\n  vpn: {{image: x}}\n  {web}\nx-previewer: {{omit: [vpn]}}\n"
    with pytest.raises(DefinitionError, match=r"it runs within a service that x-previewer.omit leaves") as caught:
        load_text(text)
    assert (caught.value.where, caught.value.hint) == ("compose.yaml:5:5", "omit web too")
