"""Results as JSON, as GitHub Flavored Markdown, and as JUnit test reports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from msgspec import Struct

from previewer.domain.json_value import JsonObject, JsonValue
from previewer.domain.units import counted
from previewer.present.parity_report import code
from previewer.present.safe_text import plain

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What JSON need not escape and a terminal had better not get."""


def to_json(value: JsonValue) -> str:
    """``value`` with its keys in their own order, and with every control character escaped."""
    return _escape_unseen(_INDENTED.encode(value))


def to_json_line(value: JsonValue) -> str:
    """``value`` on one line."""
    return _escape_unseen(_COMPACT.encode(value))


def to_json_rows(rows: Iterable[JsonObject]) -> str:
    """A list with one object a line: ten thousand of them take a tenth of the time that indenting would."""
    lines = ",\n  ".join(map(_COMPACT.encode, rows))
    return _escape_unseen(f"[\n  {lines}\n]" if lines else "[]")


_INDENTED = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _escape_unseen(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def code_cell(text: str) -> str:
    """``text`` as code in a cell of a table, where a pipe ends the cell even within code (GFM §4.10)."""
    return code(text).replace("|", "\\|") if text else ""


class JunitCase(Struct, frozen=True):
    """Something that was looked at."""

    group: str
    """What reporters show as its class."""
    name: str
    found: Sequence[str]
    """A line for each thing that is not as it should be; the case has passed if there is none."""
    seconds: float | None = None
    """How long it took, where that was measured."""


def junit_report(suite_name: str, cases: Sequence[JunitCase], *, noun: str) -> str:
    """One test suite; ``noun`` is what a line of :attr:`JunitCase.found` tells of."""
    failures = sum(1 for case in cases if case.found)
    suite = ET.Element("testsuite", name=suite_name, tests=str(len(cases)), failures=str(failures))
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=case.group, name=plain(case.name))
        if case.seconds is not None:
            element.set("time", f"{case.seconds:.3f}")
        if case.found:
            failure = ET.SubElement(element, "failure", message=counted(len(case.found), noun))
            failure.text = "\n".join(map(plain, case.found))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode")
