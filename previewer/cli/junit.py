"""Test reports in the form that Jenkins, GitLab and GitHub's reporters read: JUnit's XML."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from previewer.domain.wording import counted
from previewer.frozen import dataclass
from previewer.present.safe_text import plain


@dataclass(frozen=True, slots=True)
class JunitCase:
    """Something that was looked at."""

    group: str
    """What reporters show as its class."""
    name: str
    found: Sequence[str]
    """A line for each thing that is not as it should be; the case has passed if there is none."""


def junit_report(suite_name: str, cases: Sequence[JunitCase], *, noun: str) -> str:
    """One test suite; ``noun`` is what a line of :attr:`JunitCase.found` tells of."""
    failures = sum(1 for case in cases if case.found)
    suite = ET.Element("testsuite", name=suite_name, tests=str(len(cases)), failures=str(failures))
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=case.group, name=plain(case.name))
        if case.found:
            failure = ET.SubElement(element, "failure", message=counted(len(case.found), noun))
            failure.text = "\n".join(map(plain, case.found))
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode")
