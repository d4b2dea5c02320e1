"""Where the values of a finished definition were written, and what its model is like."""

from __future__ import annotations

from previewer.definition import load_definition
from tests.definition.trees import load_text, tree_of

FILES = {
    "base/common.yaml": """\
services:
  base:
    image: app
    build: .
    volumes:
      - ./data:/data
      - /etc/localtime:/etc/localtime:ro
""",
    "compose.yaml": """\
x-anchor: &env
  A: "1"
services:
  web:
    extends: {file: base/common.yaml, service: base}
    ports:
      - "8080:80"
      - target: 9090
    environment:
      <<: *env
      B: "2"
    privileged: false
  db:
    image: postgres
    environment:
      - "USER=app"
    x-note: {kept: true}
""",
    "compose.override.yaml": """\
services:
  web:
    privileged: true
    ports: ["7070"]
""",
}


def test_places_survive_merging() -> None:
    definition = load_definition(tree_of(FILES), files=["compose.yaml", "compose.override.yaml"], project_name="p")
    places = {
        ("services", "web"): "compose.override.yaml:2:3",
        ("services", "web", "privileged"): "compose.override.yaml:3:5",
        ("services", "web", "ports", "0"): "compose.yaml:7:9",
        ("services", "web", "ports", "1"): "compose.yaml:8:9",
        ("services", "web", "ports", "2"): "compose.override.yaml:4:13",
        ("services", "web", "ports", "2", "target"): "compose.override.yaml:4:13",
        ("services", "web", "environment", "A"): "compose.yaml:2:3",
        ("services", "web", "environment", "B"): "compose.yaml:11:7",
        ("services", "web", "build"): "base/common.yaml:4:5",
        ("services", "web", "volumes", "1"): "base/common.yaml:7:9",
        ("services", "db", "environment", "USER"): "compose.yaml:16:9",
        ("services", "db", "networks", "default"): "compose.yaml:13:3",
    }
    assert {path: str(definition.locate(path)) for path in places} == places


def test_paths_are_relative_to_the_root_or_recognisably_outside() -> None:
    tree = tree_of(
        {
            "a/b/compose.yaml": """\
services:
  web:
    build: .
    volumes: [./data:/1, ../../x:/2, ../../../y:/3, /abs:/4, ~/h:/5, "$PWD/p:/6", ../..:/7]
""",
        }
    )
    service = load_definition(tree, files=["a/b/compose.yaml"]).services["web"]
    assert service.build is not None
    assert service.build.context == "a/b"
    sources = [volume["source"] for volume in service.spec["volumes"]]  # type: ignore[index, union-attr, call-overload]
    assert sources == ["a/b/data", "x", "../y", "/abs", "~/h", "a/b/p", "."]


def test_dollars_and_extensions_are_kept() -> None:
    definition = load_text("services: {a: {image: i, command: 'echo $$HOME', x-deep: {y: $$1}}}\nx-top: 1\n")
    service = definition.services["a"]
    assert service.spec["command"] == ["echo", "$HOME"]
    assert service.spec["x-deep"] == {"y": "$1"}
    assert definition.model["x-top"] == 1
