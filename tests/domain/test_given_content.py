"""What configs and secrets contain."""

from __future__ import annotations

import pytest

from previewer.domain.compose.mounted_files import config_content
from previewer.domain.json_value import JsonValue
from previewer.errors import DefinitionError, NotFoundError
from previewer.testing.memory.source import MemorySource
from tests.domain.values import make_definition

GIVEN: dict[str, JsonValue] = {
    "inline": {"content": "wörds"},
    "empty": {"content": ""},
    "file": {"file": "etc/page"},
    "gone": {"file": "etc/nothing"},
    "outside": {"file": "../page"},
    "variable": {"environment": "TOKEN"},
    "bytes": {"environment": "RAW"},
    "unset": {"environment": "MISSING_VARIABLE"},
    "external": {"external": True},
}


def content_of(key: str, *, kind: str = "secrets", limit: int = 100) -> bytes:
    source = MemorySource()
    tree = source.tree(source.commit("main", {"etc/page": "<h1>shop</h1>"}).id)
    definition = make_definition({"web": {"image": "w"}}, **{kind: GIVEN})
    variables = {"TOKEN": "hunter2", "RAW": b"\xff\0".decode("utf-8", "surrogateescape")}
    return config_content(definition, f"{kind}/{key}", tree, variables, limit=limit)


@pytest.mark.parametrize("kind", ["configs", "secrets"])
@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("inline", "wörds".encode()),
        ("empty", b""),
        ("file", b"<h1>shop</h1>"),
        ("variable", b"hunter2"),
        ("bytes", b"\xff\0"),
    ],
)
def test_each_way_to_give_it(kind: str, key: str, content: bytes) -> None:
    assert content_of(key, kind=kind) == content


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("gone", "no file etc/nothing"),
        ("outside", r"no file \.\./page"),
        ("unset", "secrets/unset comes from the variable MISSING_VARIABLE"),
        ("external", "none named"),
        ("never-heard-of", "none named"),
    ],
)
def test_what_is_not_there_is_named(key: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as caught:
        content_of(key)
    assert caught.value.hint


def test_a_file_may_be_only_so_large() -> None:
    with pytest.raises(NotFoundError):
        content_of("file", limit=5)
