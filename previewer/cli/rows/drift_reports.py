"""Drift for CI: Markdown for people, JUnit for test reports, where an environment is one test case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from previewer.cli.junit import JunitCase, junit_report
from previewer.cli.markdown import code, code_cell
from previewer.domain.drift.finding import Finding
from previewer.operations.drift import EnvironmentDrift

Shown = Sequence[tuple[EnvironmentDrift, Sequence[Finding]]]


def drift_markdown(shown: Shown) -> Iterator[str]:
    """The lines: a section an environment, with a table of its findings."""
    yield "# Drift"
    for drift, findings in shown:
        yield from ("", f"## {code(drift.environment.name)}", "")
        if not findings:
            yield "As frozen."
            continue
        yield from ("| severity | kind | where | what | frozen | live |", "|---|---|---|---|---|---|")
        yield from map(_row, findings)
        yield from ("", code(findings[0].help))


def drift_junit(shown: Shown) -> str:
    """A test suite; an environment with findings has failed."""
    cases = [
        JunitCase("drift", drift.environment.name, [_line(finding) for finding in findings])
        for drift, findings in shown
    ]
    return junit_report("previewer drift", cases, noun="finding")


def _row(finding: Finding) -> str:
    foreign = (finding.where, finding.what, finding.frozen, finding.live)
    return f"| {' | '.join((finding.severity.value, finding.kind, *map(code_cell, foreign)))} |"


def _line(finding: Finding) -> str:
    values = f" ({finding.frozen or '-'} → {finding.live or '-'})" if finding.frozen or finding.live else ""
    return f"{finding.severity.value} {finding.kind} {finding.where}: {finding.what}{values}; {finding.help}"
