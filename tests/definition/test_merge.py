"""Merging, identity of list items, short forms."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.definition.merge import delete_paths, keep_last_of_equals, merge
from previewer.definition.short_forms import parse_port, parse_volume
from previewer.definition.short_syntax import expand_short_syntax
from previewer.definition.values import Budget, ModelError, Table, Value, copy_table

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
values: st.SearchStrategy[Value] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
tables = st.dictionaries(st.text(max_size=5), values, max_size=4)
KEYS = [
    "image",
    "environment",
    "ports",
    "command",
    "depends_on",
    "build",
    "logging",
    "ulimits",
    "networks",
    "labels",
]
services = st.dictionaries(st.sampled_from(KEYS), values)


@given(tables)
def test_merging_with_nothing_changes_nothing(table: Table) -> None:
    assert merge(table, {}) == table
    assert merge({}, table) == table


@given(services, services)
def test_merging_leaves_both_as_they_were(base: Table, override: Table) -> None:
    before: Table = {"services": {"a": base}}
    after: Table = {"services": {"a": override}}
    kept = copy_table(before), copy_table(after)
    with suppress(ModelError):
        merge(before, after)
    assert (before, after) == kept


def service(key: str, value: Value) -> Table:
    return {"services": {"a": {key: value}}}


@pytest.mark.parametrize(
    ("key", "base", "override", "merged"),
    [
        ("image", "a", "b", "b"),
        ("image", "a", None, "a"),
        ("command", ["a"], ["b"], ["b"]),
        ("cap_add", ["a"], ["b"], ["a", "b"]),
        ("environment", {"A": 1, "B": None}, ["A=2"], ["A=2", "B"]),
        ("labels", ["a=1", "b=2"], {"a": 3}, ["a=3", "b=2"]),
        ("ports", ["80:80", "81:81"], ["80:80"], ["80:80", "81:81"]),
        ("volumes", ["one:/x", "two:/y"], ["new:/x"], ["new:/x", "two:/y"]),
        ("build", ".", {"target": "t"}, {"context": ".", "target": "t"}),
        (
            "depends_on",
            ["b"],
            {"c": {"condition": "service_healthy"}},
            {"b": {"condition": "service_started", "required": True}, "c": {"condition": "service_healthy"}},
        ),
        ("networks", ["n"], {"m": {"aliases": ["x"]}}, {"n": None, "m": {"aliases": ["x"]}}),
        ("extra_hosts", ["a=1"], ["a=1", "a=2"], ["a=1", "a=2"]),
        ("logging", {"driver": "a", "options": {"x": "1"}}, {"driver": "b"}, {"driver": "b"}),
        ("logging", {"driver": "a"}, {"options": {"x": "1"}}, {"driver": "a", "options": {"x": "1"}}),
        ("ulimits", {"n": 1}, {"n": {"soft": 1}}, {"n": {"soft": 1}}),
    ],
)
def test_merge_rules(key: str, base: Value, override: Value, merged: Value) -> None:
    assert keep_last_of_equals(merge(service(key, base), service(key, override))) == service(key, merged)


def test_different_types_name_the_place() -> None:
    with pytest.raises(ModelError) as caught:
        merge(service("cap_add", ["a"]), service("cap_add", "b"))
    assert caught.value.path == ("services", "a", "cap_add")


def test_delete_paths() -> None:
    table: Table = {"a": {"b": 1, "c": 2}, "d": [1]}
    delete_paths(table, (("a", "b"), ("x", "y"), ("d", "0"), ()))
    assert table == {"a": {"c": 2}, "d": [1]}


@pytest.mark.parametrize(
    ("text", "targets", "published"),
    [
        ("80", [80], [None]),
        ("8080:80/UDP", [80], ["8080"]),
        ("127.0.0.1:8080:80", [80], ["8080"]),
        ("127.0.0.1::80", [80], [None]),
        ("[::1]:8080:80", [80], ["8080"]),
        ("::1:8080:80", [80], ["8080"]),
        ("8000-8001:80-81", [80, 81], ["8000", "8001"]),
        ("8000-8002:80", [80], ["8000-8002"]),
        ("9-10", [10, 9], [None, None]),
    ],
)
def test_ports(text: str, targets: list[int], published: list[str | None]) -> None:
    found = parse_port(text)
    assert [port["target"] for port in found] == targets
    assert [port.get("published") for port in found] == published


@pytest.mark.parametrize("text", ["", "x", "80/icmp", "8000-8001:80-82", "70000", "81-80", "host:80:80", ":"])
def test_no_ports(text: str) -> None:
    with pytest.raises(ModelError):
        parse_port(text)


@pytest.mark.parametrize(
    ("text", "kind", "source", "target"),
    [
        ("data:/d", "volume", "data", "/d"),
        ("/d", "volume", None, "/d"),
        ("./a:/d:ro", "bind", "./a", "/d"),
        ("~/a:/d", "bind", "~/a", "/d"),
        ("C:\\a:/d", "bind", "C:\\a", "/d"),
        ("${A:-./x}:/d", "volume", "${A:-./x}", "/d"),
        ("data://d/../e/", "volume", "data", "/e"),
    ],
)
def test_volumes(text: str, kind: str, source: str | None, target: str) -> None:
    found = parse_volume(text)
    assert (found["type"], found.get("source"), found["target"]) == (kind, source, target)


@given(services)
def test_long_forms_stay_what_they_are(table: Table) -> None:
    model: Table = {"services": {"a": table}}
    try:
        expand_short_syntax(model, budget=Budget(10**9, "values"))
    except ModelError:
        return
    once = copy_table(model)
    expand_short_syntax(model, budget=Budget(10**9, "values"))
    assert model == once
