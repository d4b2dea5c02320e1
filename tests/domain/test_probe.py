"""What two environments answer, compared by the rules of a definition."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.parity.probe import ProbeAnswer, ProbeRules, compare_answers, read_probe_rules

REQUEST = ProbeRequest("/items")
ANSWER = ProbeAnswer(200, {"content-type": "application/json", "date": "now"}, b'{"a": 1}', 0.01)


def compared(left: ProbeAnswer, right: ProbeAnswer, **rules: Any) -> list[tuple[str, str, str]]:
    found = compare_answers(REQUEST, left, right, ProbeRules((REQUEST,), **rules))
    return [(difference.what, difference.left, difference.right) for difference in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": 500}, ("status", "200", "500")),
        ({"status": 0, "error": "refused"}, ("status", "200", "refused")),
        ({"headers": {"content-type": "text/html"}}, ("header content-type", "application/json", "text/html")),
        ({"body": b'{"a": 2}'}, ("body a", "1", "2")),
        ({"body": b'{"a": 1, "b": [{"c": null}, true]}'}, ("body b.1", "", "true")),
        ({"body": b"plain"}, ("body", '{"a": 1}', "plain")),
        ({"seconds": 0.2}, ("time", "10 ms", "200 ms")),
    ],
)
def test_each_difference_is_named(change: dict[str, Any], expected: tuple[str, str, str]) -> None:
    other = replace(ANSWER, **change)
    assert compared(ANSWER, other) == [expected]
    what, left, right = expected
    assert compared(other, ANSWER) == [(what, right, left)]
    assert compared(other, other) == []


def test_what_differs_each_time_and_what_the_rules_ignore_is_no_difference() -> None:
    other = replace(
        ANSWER, headers={**ANSWER.headers, "date": "later", "x-served-by": "b"}, body=b'{"a": 1, "at": {"x": 2}}'
    )
    assert compared(ANSWER, other, ignored_headers=("date", "x-*"), ignored_json=("at.*",)) == []
    text, longer = (replace(ANSWER, body=body) for body in (b"one\nin 3 ms\ntwo", b"one\ntwo"))
    assert compared(text, longer) == [("body", "in 3 ms", "two")]
    assert compared(text, longer, ignored_lines=("in * ms",)) == []


def test_a_little_slower_is_no_difference() -> None:
    assert compared(ANSWER, replace(ANSWER, seconds=0.05)) == []
    assert compared(replace(ANSWER, seconds=1.0), replace(ANSWER, seconds=2.9)) == []
    assert [what for what, *_ in compared(replace(ANSWER, seconds=1.0), replace(ANSWER, seconds=3.1))] == ["time"]


def test_rules_are_read_from_the_definition() -> None:
    probe = {
        "requests": ["/health", {"path": "/x", "method": "POST", "service": "api", "port": 80, "body": "{}"}],
        "ignore": {"headers": ["X-Served-By"], "json": ["at"], "lines": ["*"]},
        "slower": 2,
    }
    model = {"services": {}, "x-previewer": {"parity": {"probe": probe}}}
    rules = read_probe_rules(Definition("staging", Role.STAGING, (), json.loads(json.dumps(model))))
    assert rules.requests == (ProbeRequest("/health"), ProbeRequest("/x", "POST", {}, "{}", "api", 80))
    assert [str(request) for request in rules.requests] == ["GET /health", "POST api:/x"]
    assert "x-served-by" in rules.ignored_headers
    assert (rules.ignored_json, rules.ignored_lines, rules.slower) == (("at",), ("*",), 2.0)
    assert read_probe_rules(Definition("staging", Role.STAGING, (), {"services": {}})).requests == ()
