"""Definitions that refer to the user's variables, instead of holding their values."""

from __future__ import annotations

import pytest

from previewer.definition import load_named
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.references import References
from previewer.domain.json_value import canonical_json
from previewer.errors import DefinitionError
from tests.definition.trees import tree_of

VALUES = {
    "PW": "s3cret-value",
    "PORT": "8080",
    "TAG": "1.2",
    "N": "2",
    "WORDS": "two words",
    "E": "",
    "PROFILE": "x",
}
REFERENCES = References(b"k", VALUES)
PW = REFERENCES.marked["PW"]


def load(services: str, **files: str) -> Definition:
    named = {
        "compose.yaml": f"services:\n{services}",
        **{name.replace("__", "/"): text for name, text in files.items()},
    }
    return load_named(tree_of(named), "preview", references=REFERENCES, project_name="p")


@pytest.mark.parametrize(
    ("line", "key", "kept"),
    [
        ("environment: {A: '${PW}'}", "environment", {"A": PW}),
        ("environment: {A: 'postgres://u:${PW}@db/${PW}'}", "environment", {"A": f"postgres://u:{PW}@db/{PW}"}),
        ("environment: ['A=${PW}', PW, 'B${TAG}=x']", "environment", {"A": PW, "PW": PW, "B1.2": "x"}),
        ("environment: {PW: }", "environment", {"PW": PW}),
        ("environment: {A: '${NONE:-${PW}}', B: '${PW:+set}', C: '${E:-d}', D: '$$PW'}", "environment",
         {"A": PW, "B": "set", "C": "d", "D": "$PW"}),
        ("command: [sh, -c, 'x ${PW}']", "command", ["sh", "-c", f"x {PW}"]),
        ("command: sh -c '${PW}'", "command", ["sh", "-c", PW]),
        ("command: [echo, '${WORDS}']", "command", ["echo", REFERENCES.marked["WORDS"]]),
        ("labels: {a: '${PW}'}", "labels", {"a": PW}),
        ("labels: ['a=${PW}']", "labels", {"a": PW}),
        ("image: 'a:${TAG}'", "image", "a:1.2"),
    ],
)  # fmt: skip
def test_texts_refer_and_what_decides_about_the_shape_does_not(line: str, key: str, kept: object) -> None:
    image = "" if line.startswith("image") else "    image: a\n"
    assert load(f"  web:\n{image}    {line}\n").services["web"].spec[key] == kept


def test_what_is_not_a_text_is_written_out() -> None:
    spec = (
        load(
            "  web:\n    image: a\n    ports: ['${PORT}:80']\n    init: ${NO:-true}\n    scale: ${N}\n"
            "    volumes: ['./${TAG}:/x']\n    healthcheck: {test: 'curl ${PW}', retries: '${N}'}\n"
            "    build: {context: ., args: {A: '${PW}'}}\n"
        )
        .services["web"]
        .spec
    )
    assert "@" not in str(spec["ports"]) + str(spec["volumes"]) + str(spec["scale"])
    assert spec["healthcheck"] == {"test": ["CMD-SHELL", f"curl {PW}"], "retries": 2}
    assert PW in str(spec["build"])


def test_files_of_variables_hold_references_too() -> None:
    found = (
        load(
            "  web:\n    image: a\n    env_file: [web.env]\n    environment: {URL: '${URL}'}\n",
            **{".env": "URL=postgres://u:${PW}@db\n", "web.env": "A=${PW}\nPW\nB='${PW}'\nC=\"x ${URL}\"\n"},
        )
        .services["web"]
        .environment
    )
    url = f"postgres://u:{PW}@db"
    assert found == {"URL": url, "A": PW, "PW": PW, "B": "${PW}", "C": f"x {url}"}


def test_a_config_refers_and_a_secret_names_its_variable() -> None:
    text = "  web: {image: a, configs: [c], secrets: [s]}\n"
    text += "configs: {c: {content: 'pw=${PW}'}}\nsecrets: {s: {environment: PW}}"
    model = load(text).model
    assert f"pw={PW}" in str(model["configs"])
    assert b"s3cret-value" not in canonical_json(model)


def test_profiles_are_written_out() -> None:
    found = load(
        "  web: {image: a}\n  x: {image: a, profiles: [x]}\n", **{".env": "COMPOSE_PROFILES=${PROFILE}\n"}
    )
    assert set(found.services) == {"web", "x"}


def test_a_value_that_a_command_would_be_taken_apart_at_is_refused() -> None:
    with pytest.raises(DefinitionError, match="taken apart") as caught:
        load("  web: {image: a, command: 'echo ${WORDS}'}\n")
    assert "as a list" in str(caught.value.hint)


def test_what_runs_is_what_the_values_would_have_given() -> None:
    text = (
        "  web:\n    image: 'a:${TAG}'\n    command: run ${PW}\n    ports: ['${PORT}:80']\n"
        "    environment: ['A=${PW}', PW]\n    labels: {l: 'x${TAG}'}\n"
    )
    tree = tree_of({"compose.yaml": f"services:\n{text}"})
    plain = load_named(tree, "preview", variables=VALUES, project_name="p")
    assert REFERENCES.resolve(load(text)).model == plain.model


def test_a_definition_names_every_file_that_had_a_say() -> None:
    found = load(
        "  web: {extends: {file: base/web.yaml, service: web}, env_file: [web.env]}\ninclude: [more.yaml]\n",
        **{
            "base/web.yaml": "services: {web: {image: a}}",
            "more.yaml": "services: {x: {image: b}}",
            "web.env": "A=1",
            ".env": "B=2",
            "other.yaml": "services: {}",
        },
    )
    assert found.files == ("compose.yaml", ".env", "base/web.yaml", "more.yaml", "web.env")
