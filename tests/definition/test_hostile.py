"""Files written to break the loader: a clear error, soon and in little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from previewer.definition import load_definition
from previewer.domain.commit.files import EntryKind, FileTree, TreeEntry
from previewer.errors import DefinitionError, OutsideTreeError, UsageError
from tests.definition.trees import load_text, tree_of

SECONDS = 5.0
"""With every allocation traced, which takes four times as long."""
MEMORY = 200 << 20


LAUGHS = "x-a: &a0 [1]\n" + "".join(f"x-{n}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(12))
DOTENV_LAUGHS = "A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}=${{A{n}}}${{A{n}}}${{A{n}}}${{A{n}}}\n" for n in range(30))
MERGE_LAUGHS = "x-a: &a0 {k: 1}\n" + "".join(
    f"x-{n}: &a{n + 1} {{{', '.join(f'k{i}: *a{n}' for i in range(10))}}}\n" for n in range(12)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        MERGE_LAUGHS,
        "x-0: &a0 []\n" + "".join(f"x-{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(900)),
        "[" * 500_000,
        "- " * 400_000,
        "{a: " * 200_000,
        "? " * 400_000,
        "a: &a [*a]",
        "x-a: '" + "${A:-" * 100_000 + "'",
        "x-a: '" + "${" * 100_000 + "'",
        "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(201)),
        "services: {a: {image: x, ports: [" + ", ".join(f"{n}-65535" for n in range(1000)) + "]}}",
        "services: {a: {image: x, ports: [1-60000]}, b: {image: x, ports: [1-60000]}}",
        "services: {a: {extends: b}, b: {extends: a}}",
        "services: {a: {extends: a}}",
        "services: {a: {extends: {file: compose.yaml, service: a}}}",
        "include: [compose.yaml]",
        "services: {a: {image: x, depends_on: [a]}}",
        "services:\n  s0: {image: x}\n" + "".join(f"  s{n + 1}: {{extends: s{n}}}\n" for n in range(150)[::-1]),
        "\x00",
        b"\xff\xfe\x00",
        b"a: \xc3\x28",
        "a: " + "9" * 100_000,
    ],
)
def test_is_refused(text: str | bytes) -> None:
    tracemalloc.start()
    begin = time.process_time()
    try:
        with pytest.raises(DefinitionError):
            load_text(text)
        assert time.process_time() - begin < SECONDS
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_multiplying_variables_are_refused() -> None:
    with pytest.raises(DefinitionError, match="too large"):
        load_definition(tree_of({"compose.yaml": "services: {}", ".env": DOTENV_LAUGHS}), files=["compose.yaml"])


def test_multiplying_inclusions_are_refused() -> None:
    files = {f"{n}.yaml": f"include: [{n + 1}.yaml, {n + 1}.yaml]\n" for n in range(15)}
    with pytest.raises(DefinitionError, match="too large"):
        load_definition(tree_of({**files, "15.yaml": "services: {}"}), files=["0.yaml"])


@pytest.mark.parametrize("key", ["compose.yaml", "a.env"])
def test_large_files_are_not_even_read(key: str) -> None:
    contents = {"compose.yaml": b"services: {a: {image: x, env_file: a.env}}", "a.env": b"A=1"}

    def read(path: str) -> bytes:
        assert path != key
        return contents[path]

    entries = [TreeEntry(path, EntryKind.FILE, path, 100 << 20 if path == key else 10) for path in contents]
    with pytest.raises(DefinitionError, match="too large") as caught:
        load_definition(FileTree(entries, read), files=["compose.yaml"])
    assert caught.value.where == key


@pytest.mark.parametrize(
    "text",
    [
        "services: {a: {image: x, env_file: ../secret}}",
        "services: {a: {image: x, env_file: /etc/passwd}}",
        "services: {a: {image: x, env_file: ~/.netrc}}",
        "services: {a: {image: x, env_file: 'sub/../../secret'}}",
        "services: {a: {image: x, env_file: link}}",
        "services: {a: {image: x, env_file: /.gittree/../secret}}",
        "services: {a: {image: x, label_file: absolute}}",
        "services: {a: {extends: {file: ../other.yaml, service: a}}}",
        "services: {a: {extends: {file: link, service: a}}}",
        "include: [../other.yaml]",
        "include: [{path: inside.yaml, project_directory: /etc}]",
        "include: [{path: inside.yaml, env_file: ../.env}]",
        "include: [loop]",
    ],
)
def test_paths_out_of_the_tree_are_refused(text: str) -> None:
    tree = tree_of(
        {"compose.yaml": text, "inside.yaml": "services: {}", "sub/x": ""},
        links={"link": "../secret", "absolute": "/etc/passwd", "loop": "loop"},
    )
    with pytest.raises(OutsideTreeError):
        load_definition(tree, files=["compose.yaml"])


def test_a_link_inside_the_tree_is_followed() -> None:
    tree = tree_of(
        {"d/compose.yaml": "services: {a: {image: x, env_file: e}}", "real.env": "A=1"},
        links={"d/e": "../real.env"},
    )
    assert load_definition(tree, files=["d/compose.yaml"]).services["a"].environment == {"A": "1"}


def test_nothing_comes_from_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVIEWER_TEST_SECRET", "leaked")
    definition = load_text(
        "services: {a: {image: x, environment: [PREVIEWER_TEST_SECRET, 'B=$PREVIEWER_TEST_SECRET']}}"
    )
    assert definition.services["a"].environment == {"PREVIEWER_TEST_SECRET": None, "B": ""}


KEYS = [
    "services",
    "include",
    "networks",
    "volumes",
    "secrets",
    "configs",
    "name",
    "a",
    "b",
    "image",
    "build",
    "ports",
    "volumes",
    "environment",
    "extends",
]
WORDS = [
    *KEYS,
    *[
        "env_file",
        "depends_on",
        "deploy",
        "resources",
        "limits",
        "healthcheck",
        "test",
        "command",
        "file",
        "service",
        "path",
        "80:80",
    ],
]
leaves = st.sampled_from([None, True, 3, 1.5, "x", "./a:/b", "${A:-b}", "1s", "1g", "a=b", *WORDS])
models = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=15,
)
services = st.dictionaries(st.sampled_from(WORDS), models, max_size=4)


def load_or_refuse(text: str | bytes) -> None:
    try:
        load_text(text, other__yaml=text)
    except (DefinitionError, OutsideTreeError, UsageError):
        return


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="ab:[]{}&*!<->|\n \"'$%#0", max_size=60))
def test_any_text_is_loaded_or_refused(text: str) -> None:
    load_or_refuse(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b"]), services, min_size=1), models, st.booleans())
def test_any_services_are_loaded_or_refused(table: dict[str, object], include: object, other: bool) -> None:
    model: dict[str, object] = {"services": table}
    if other:
        model["services"] = {**table, "c": {"extends": {"file": "other.yaml", "service": "a"}}}
        model["include"] = include
    load_or_refuse(repr(model).replace("None", "null").replace("True", "true"))
