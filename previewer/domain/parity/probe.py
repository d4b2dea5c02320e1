"""Behavioural parity: what two environments answer to the same requests, compared by rules of the definition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from previewer.domain.compose.definition import Definition
from previewer.domain.compose.extension import ProbeRequest
from previewer.domain.glob import any_glob_matches
from previewer.domain.json_value import JsonValue

ALWAYS_IGNORED = ("date", "age", "etag", "last-modified", "set-cookie", "x-request-id", "connection", "keep-alive")
"""Headers that differ from one answer to the next."""
DEFAULT_SLOWER = 3.0
"""How many times slower an answer may be."""
DEEPEST = 100
"""Levels of a JSON body that are compared one by one; what is below is compared as a whole."""
LONGEST_LINE = 2000
"""Characters of a line that patterns are held against."""
LEAST_SECONDS = 0.05
"""A difference in time below this is noise."""


class ProbeRules(Struct, frozen=True):
    """What is asked, and what of the answers may differ."""

    requests: tuple[ProbeRequest, ...]
    ignored_headers: tuple[str, ...] = ALWAYS_IGNORED
    """Header names as lower-case globs."""
    ignored_json: tuple[str, ...] = ()
    """Globs over paths in JSON bodies: ``items.*.created_at``."""
    ignored_lines: tuple[str, ...] = ()
    """Globs: lines of other bodies that one matches as a whole are left out."""
    slower: float = DEFAULT_SLOWER


class ProbeAnswer(Struct, frozen=True):
    """What one environment answered."""

    status: int
    """The HTTP status; 0 without an answer."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    seconds: float
    """The median of several, from sending to the body's end."""
    error: str = ""
    """Why there was no answer."""
    url: str = ""


class ProbeDifference(Struct, frozen=True):
    """One way in which two answers differ."""

    request: ProbeRequest
    what: str
    """``status``, ``header content-type``, ``body``, ``body items.0.price``, ``time``."""
    left: str
    right: str


def read_probe_rules(definition: Definition) -> ProbeRules:
    """``x-previewer.parity.probe`` of a definition; without requests where it has none."""
    probe = definition.extension.parity.probe
    return ProbeRules(
        requests=tuple(ProbeRequest(said) if isinstance(said, str) else said for said in probe.requests),
        ignored_headers=(*ALWAYS_IGNORED, *(text.lower() for text in probe.ignore.headers)),
        ignored_json=probe.ignore.json,
        ignored_lines=probe.ignore.lines,
        slower=DEFAULT_SLOWER if probe.slower is None else probe.slower,
    )


def compare_answers(
    request: ProbeRequest, left: ProbeAnswer, right: ProbeAnswer, rules: ProbeRules
) -> tuple[ProbeDifference, ...]:
    """How two answers differ, less what the rules ignore; the weightiest first."""
    return tuple(
        ProbeDifference(request, what, ours, theirs)
        for what, ours, theirs in (
            *_heads(left, right, rules),
            *_bodies(left, right, rules),
            *_times(left, right, rules),
        )
    )


def _heads(left: ProbeAnswer, right: ProbeAnswer, rules: ProbeRules) -> Iterator[tuple[str, str, str]]:
    if left.status != right.status or left.error != right.error:
        yield "status", left.error or str(left.status), right.error or str(right.status)
    if left.error or right.error:
        return
    for name in sorted(left.headers.keys() | right.headers.keys()):
        ours, theirs = left.headers.get(name, ""), right.headers.get(name, "")
        # The length of a body of which a part is ignored says nothing.
        is_length = name == "content-length" and bool(rules.ignored_json or rules.ignored_lines)
        if ours != theirs and not is_length and not any_glob_matches(rules.ignored_headers, name):
            yield f"header {name}", ours, theirs


def _bodies(left: ProbeAnswer, right: ProbeAnswer, rules: ProbeRules) -> Iterator[tuple[str, str, str]]:
    if left.body == right.body or left.error or right.error:
        return
    ours, theirs = _json(left.body), _json(right.body)
    if ours is not None and theirs is not None:
        before, after = dict(_leaves("", ours)), dict(_leaves("", theirs))
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) != after.get(path) and not any_glob_matches(rules.ignored_json, path):
                yield f"body {path}".rstrip(), _shown(before.get(path)), _shown(after.get(path))
        return
    lines, others = (_lines(answer.body, rules.ignored_lines) for answer in (left, right))
    for index in range(max(len(lines), len(others))):
        line, other = lines[index : index + 1], others[index : index + 1]
        if line != other:
            yield "body", "".join(line), "".join(other)
            return


def _times(left: ProbeAnswer, right: ProbeAnswer, rules: ProbeRules) -> Iterator[tuple[str, str, str]]:
    fast, slow = sorted((left.seconds, right.seconds))
    if not (left.error or right.error) and slow > max(fast * rules.slower, fast + LEAST_SECONDS):
        yield "time", f"{left.seconds * 1000:.0f} ms", f"{right.seconds * 1000:.0f} ms"


def _json(body: bytes) -> tuple[JsonValue] | None:
    """The value, in a tuple of its own: ``null`` is one too."""
    try:
        value: JsonValue = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return (value,)


def _leaves(path: str, value: JsonValue | tuple[JsonValue], depth: int = 0) -> Iterator[tuple[str, JsonValue]]:
    if isinstance(value, tuple):
        yield from _leaves(path, value[0])
    elif isinstance(value, Mapping | list) and value and depth < DEEPEST:
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in items:
            yield from _leaves(f"{path}.{key}" if path else str(key), inner, depth + 1)
    else:
        yield path, value


def _lines(body: bytes, ignored: tuple[str, ...]) -> list[str]:
    lines = body.decode("utf-8", "replace").splitlines()
    return [line for line in lines if not any_glob_matches(ignored, line[:LONGEST_LINE])]


def _shown(value: JsonValue) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
