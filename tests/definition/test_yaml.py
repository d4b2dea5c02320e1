"""YAML as go-yaml v3 reads it: scalars, merge keys, tags, positions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.values import Budget, Value, as_table
from previewer.definition.yaml.document import parse_documents
from previewer.definition.yaml.scalars import resolve_plain_scalar
from previewer.errors import DefinitionError

SCALARS: list[tuple[str, Value]] = [
    ("true", True),
    ("TRUE", True),
    ("yes", "yes"),
    ("on", "on"),
    ("n", "n"),
    ("~", None),
    ("", None),
    ("Null", None),
    ("12", 12),
    ("-3", -3),
    ("1_000", 1000),
    ("0123", 83),
    ("0o17", 15),
    ("0x1F", 31),
    ("-0b11", -3),
    ("08", 8.0),
    ("22:22", "22:22"),
    ("1e3", 1000.0),
    (".5", 0.5),
    ("1.", 1.0),
    ("18446744073709551615", 2**64 - 1),
    ("18446744073709551616", float(2**64)),
    ("0x1ffffffffffffffff", "0x1ffffffffffffffff"),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    ("1e999", "1e999"),
    ("9" * 5000, "9" * 5000),
    ("2024-01-02", "2024-01-02 00:00:00 +0000 UTC"),
    ("2024-13-02", "2024-13-02"),
    ("1.2.3", "1.2.3"),
    ("-", "-"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_plain_scalars(text: str, value: Value) -> None:
    found = resolve_plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


@given(st.integers(min_value=-(2**63), max_value=2**64 - 1))
def test_integers_round_trip(number: int) -> None:
    assert resolve_plain_scalar(str(number)) == number


@given(st.text(max_size=30))
def test_every_text_is_some_scalar(text: str) -> None:
    assert isinstance(resolve_plain_scalar(text), (str, int, float, bool, type(None)))


def read(text: str) -> Value:
    return parse_documents(text.encode(), file="f.yaml")[0].read(Budget(1000, "values")).data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x {b: 1}\nc: {b: 2, <<: *x}", {"a": {"b": 1}, "c": {"b": 2}}),
        (
            "a: [&x {b: 1}, &y {b: 2, c: 3}]\nd: {<<: [*x, *y]}",
            {"a": [{"b": 1}, {"b": 2, "c": 3}], "d": {"b": 1, "c": 3}},
        ),
        ("a: !!str 1\nb: !unknown 1\nc: !!int '3'", {"a": "1", "b": "1", "c": 3}),
        ("a: [1, !reset 2, 3]\nb: !reset null", {"a": [1, 3]}),
        ("'1': a", {"1": "a"}),
    ],
)
def test_documents(text: str, value: Value) -> None:
    assert read(text) == value


def test_aliases_are_copies() -> None:
    data = as_table(read("a: &x {b: [1]}\nc: *x"))
    assert data["a"] == data["c"]
    assert data["a"] is not data["c"]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1", "twice"),
        ("a:\n  1: x", "f.yaml:2:3", "must be text"),
        ("a:\n  [b]: x", "f.yaml:2:3", "must be text"),
        ("a: &x\n  b: *x", "f.yaml:1:4", "contains itself"),
        ("a: *x", "f.yaml:1:4", "unknown anchor"),
        ("a: [1", "f.yaml:2:1", "not valid YAML"),
        ("a: 1\n\tb: 2", "f.yaml:2:1", "not valid YAML"),
        ("a: {<<: 1}", "f.yaml:1:9", "takes a mapping"),
        ("a: !!int x", "f.yaml:1:4", "cannot decode"),
    ],
)
def test_errors_have_a_place(text: str, where: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        read(text)
    assert (caught.value.where or "").startswith(where.rsplit(":", 1)[0])


def test_deletions_are_the_paths_of_reset_and_override() -> None:
    document = parse_documents(b"a: {b: !reset null, c: !override [1]}", file="f.yaml")[0]
    assert document.read(Budget(100, "values")).deletions == (("a", "b"), ("a", "c"))


def test_places_are_found_through_merge_keys() -> None:
    document = parse_documents(b"x: &x\n  deep: 1\na:\n  <<: *x\n  own: [7, 8]\n", file="f.yaml")[0]
    assert str(document.locate(("a", "own", "1"))) == "f.yaml:5:12"
    assert str(document.locate(("a", "deep"))) == "f.yaml:2:3"
    assert document.locate(("a", "missing")) is None
