"""Results as GitHub Flavored Markdown, and as JUnit test reports."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from msgspec import Struct

from previewer.domain.units import counted
from previewer.present.parity_report import code
from previewer.present.safe_text import plain


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
