"""Findings as lines, as they come."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.cli.output import Output
from previewer.cli.rows.findings import finding_row, show_severity
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.labels import format_time
from previewer.operations.drift import EnvironmentDrift
from previewer.present.safe_text import plain


class FindingPrinter:
    """Prints the findings of one environment after another; each line is handed to the reader at once."""

    def __init__(self, output: Output, *, least: Severity, as_json: bool) -> None:
        self._output = output
        self._least = least
        self._as_json = as_json

    def show(self, drift: EnvironmentDrift, findings: Sequence[Finding]) -> None:
        """Print those that are bad enough."""
        del drift
        for finding in findings:
            if finding.severity.rank >= self._least.rank:
                self._show(finding)
        self._output.flush()

    def _show(self, finding: Finding) -> None:
        if self._as_json:
            self._output.json_line(finding_row(finding))
            return
        cell = show_severity(finding.severity.value)
        when = format_time(finding.at) if finding.at else "-"
        told = f": {finding.live}" if finding.live else ""
        line = plain(f"{finding.kind}  {finding.where}  {finding.what}{told}")
        self._output.line(f"{when}  {cell.style.paint(cell.text, colour=self._output.colour)}  {line}")
