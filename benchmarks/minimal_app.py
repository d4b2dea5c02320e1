"""A terminal interface of Textual's with as little as possible in it: a table or a log, and a line to type in."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Input, Log

ROWS = 300
LINES_A_SECOND, BATCHES = 5_000, 20
"""In so many batches a second."""


class MinimalApp(App[None]):
    """``table`` or ``log``, as its argument says."""

    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        """One widget, and a line to type in."""
        yield Log() if sys.argv[1:] == ["log"] else DataTable[str]()
        yield Input()

    def on_mount(self) -> None:
        """Fill it."""
        if self.query(Log):
            self.set_interval(1 / BATCHES, self._write)
        for table in self.query(DataTable[str]):
            table.add_columns("Branch", "Age")
            table.add_rows([(f"topic-{number:05}", "1d") for number in range(ROWS)])

    def _write(self) -> None:
        self.query_one(Log).write_lines(["a line of a log"] * (LINES_A_SECOND // BATCHES))


if __name__ == "__main__":
    MinimalApp().run()
