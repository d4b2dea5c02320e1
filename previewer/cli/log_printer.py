"""Lines of logs on standard output, each with the service that wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from previewer.cli.output import Output
from previewer.cli.style import Style
from previewer.domain.json_value import JsonObject
from previewer.domain.labels import format_time
from previewer.engine.protocol import LogLine
from previewer.present.safe_text import cell_width, plain, plain_log_line

_STYLES = (Style.ACCENT, Style.GOOD, Style.BUSY, Style.STRONG)
"""Neighbours are told apart; red is kept for what is wrong."""


class LogPrinter:
    """Prints batches. The names' column widens when a longer one comes; nothing that was printed moves."""

    def __init__(self, output: Output, *, timestamps: bool, as_json: bool) -> None:
        self._output = output
        self._timestamps = timestamps
        self._as_json = as_json
        self._styles = cycle(_STYLES)
        self._style_of: dict[str, Style] = {}
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
        if line.service not in self._style_of:
            self._style_of[line.service] = next(self._styles)
        name = plain(line.service)
        name += " " * (self._width - cell_width(name))
        head = self._style_of[line.service].paint(f"{name} |", colour=self._output.colour)
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
