"""Drift for CI: Markdown for people, JUnit for test reports, where an environment is one test case."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from previewer.cli.plain_text import plain
from previewer.domain.drift.finding import Finding
from previewer.operations.drift import EnvironmentDrift

Shown = Sequence[tuple[EnvironmentDrift, Sequence[Finding]]]


def drift_markdown(shown: Shown) -> str:
    """A section an environment, with a table of its findings."""
    lines = ["# Drift", ""]
    for drift, findings in shown:
        lines += [f"## {_cell(drift.environment.name)}", ""]
        if not findings:
            lines += ["As frozen.", ""]
            continue
        lines += ["| severity | kind | where | what | frozen | live |", "|---|---|---|---|---|---|"]
        for finding in findings:
            cells = (
                finding.severity.value,
                finding.kind,
                finding.where,
                finding.what,
                finding.frozen,
                finding.live,
            )
            lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
        lines += ["", f"`{findings[0].help}`", ""]
    return "\n".join(lines)


def drift_junit(shown: Shown) -> str:
    """A test suite in the form that Jenkins, GitLab and GitHub's reporters read."""
    failures = sum(1 for _drift, findings in shown if findings)
    suite = ET.Element("testsuite", name="previewer drift", tests=str(len(shown)), failures=str(failures))
    for drift, findings in shown:
        case = ET.SubElement(suite, "testcase", classname="drift", name=plain(drift.environment.name))
        if findings:
            failure = ET.SubElement(case, "failure", message=plain(f"{len(findings)} findings"))
            failure.text = "\n".join(plain(_line(finding)) for finding in findings)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode")


def _line(finding: Finding) -> str:
    values = f" ({finding.frozen or '-'} → {finding.live or '-'})" if finding.frozen or finding.live else ""
    return f"{finding.severity.value} {finding.kind} {finding.where}: {finding.what}{values}; {finding.help}"


def _cell(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
