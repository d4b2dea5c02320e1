"""Log lines and findings of drift on standard output, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from previewer.cli.output import Output
from previewer.cli.rows.cells import show_sign
from previewer.cli.rows.findings import finding_row
from previewer.cli.terminal import paint
from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.drift.finding import Finding, Severity
from previewer.domain.json_value import JsonObject
from previewer.domain.units import format_time
from previewer.engine.protocol import LogLine
from previewer.present.safe_text import cell_width, plain, plain_log_line
from previewer.present.values import Tone

_TONES = (Tone.ACCENT, Tone.GOOD, Tone.BUSY, Tone.STRONG)
"""Neighbours are told apart; red is kept for what is wrong."""


class LogPrinter:
    """Prints batches. The names' column widens when a longer one comes; nothing that was printed moves."""

    def __init__(self, output: Output, *, timestamps: bool, as_json: bool) -> None:
        self._output = output
        self._timestamps = timestamps
        self._as_json = as_json
        self._tones = cycle(_TONES)
        self._tone_of: dict[str, Tone] = {}
        self._width = 0

    def show(self, batch: Sequence[LogLine]) -> None:
        """Print the lines and hand them to the reader at once."""
        if self._as_json:
            for line in batch:
                self._output.json_line(log_row(line))
        else:
            self._width = max([self._width, *(cell_width(plain(line.service)) for line in batch)])
            for line in batch:
                self._output.line(self._text(line))
        self._output.flush()

    def _text(self, line: LogLine) -> str:
        if line.service not in self._tone_of:
            self._tone_of[line.service] = next(self._tones)
        name = plain(line.service)
        name += " " * (self._width - cell_width(name))
        head = paint(f"{name} |", self._tone_of[line.service], colour=self._output.colour)
        when = f"{format_time(line.at)} " if self._timestamps and line.at else ""
        return f"{head} {when}{plain_log_line(line.text, keep_colour=self._output.colour)}".rstrip(" ")


def log_row(line: LogLine) -> JsonObject:
    """A line as an object, complete."""
    return {
        "at": line.at.isoformat().replace("+00:00", "Z") if line.at else None,
        "service": line.service,
        "container": line.container,
        "stream": "stderr" if line.is_error else "stdout",
        "text": line.text,
    }


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
        cell = show_sign(finding.severity.value)
        when = format_time(finding.at) if finding.at else "-"
        live = f": {finding.live}" if finding.live else ""
        line = plain(f"{finding.kind}  {finding.where}  {finding.what}{live}")
        self._output.line(f"{when}  {paint(cell.text, cell.tone, colour=self._output.colour)}  {line}")
