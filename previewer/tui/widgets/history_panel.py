"""What was done to an environment."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from previewer.domain.history import LedgerEntry
from previewer.tui.answers import HistoryRead
from previewer.tui.desk import Desk
from previewer.tui.present.columns import Column
from previewer.tui.present.history_rows import fit_history_columns, history_lines
from previewer.tui.widgets.rows_table import Row
from previewer.tui.widgets.table_panel import TablePanel


class HistoryPanel(TablePanel):
    """Its entries of the ledger, newest first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            name="history",
            asking="reading the ledger …",
            nothing="the ledger of this repository says nothing of it",
        )
        self._entries: tuple[LedgerEntry, ...] | None = None

    def ask(self) -> None:
        """Ask the ledger."""
        if self.environment is not None:
            self.desk.inquiries.read_history(self.environment.name, self)

    @on(HistoryRead)
    def history_read(self, message: HistoryRead) -> None:
        """It answered."""
        message.stop()
        self._entries, self.error = message.entries, None
        self.draw()

    def columns(self, width: int) -> Sequence[Column]:
        """When, what, by whom."""
        return fit_history_columns(width)

    def rows(self) -> Sequence[Row] | None:
        """An entry each; numbered from the oldest, so that a new one changes no key."""
        if self._entries is None:
            return None
        now = self.desk.now()
        rows = [(str(number), history_lines(e, now=now)) for number, e in enumerate(reversed(self._entries))]
        return rows[::-1]
