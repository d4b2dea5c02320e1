"""What was done to an environment."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from previewer.domain.history import LedgerEntry
from previewer.errors import PreviewerError
from previewer.tui.answers import HistoryRead, QuestionFailed
from previewer.tui.desk import Desk
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.history_rows import fit_history_columns, history_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content
from previewer.tui.widgets.panel import Panel
from previewer.tui.widgets.rows_table import RowsTable


class HistoryPanel(Panel):
    """Its entries of the ledger, newest first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, name="history")
        self._entries: tuple[LedgerEntry, ...] | None = None
        self._error: PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Why there is nothing, else the table."""
        yield Static(id="history-notice", classes="panel-title", markup=False)
        yield RowsTable(name="entries")

    @property
    def target(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    def ask(self) -> None:
        """Ask the ledger."""
        if self.environment is not None:
            self.desk.inquiries.read_history(self.environment.name, self)

    @on(HistoryRead)
    def history_read(self, message: HistoryRead) -> None:
        """It answered."""
        message.stop()
        self._entries, self._error = message.entries, None
        self.draw()

    @on(QuestionFailed)
    def history_failed(self, message: QuestionFailed) -> None:
        """It could not."""
        message.stop()
        self._error = message.error
        self.draw()

    def draw(self) -> None:
        """Show the entries."""
        now = self.desk.now()
        rows = [(str(number), history_lines(e, now=now)) for number, e in enumerate(reversed(self._entries or ()))]
        self.show_rows(self.target, fit_history_columns(max(20, self.size.width - 3)), rows[::-1])
        notice = self.query_one("#history-notice", Static)
        lines = self._notice()
        notice.display = bool(lines)
        notice.update(to_content(*lines))

    def repaint(self) -> None:
        """Cells hold colours."""
        self.target.repaint()

    def _notice(self) -> tuple[Line, ...]:
        if self._error is not None:
            return failure_lines(self._error, details=3)
        if self._entries is None:
            return (line(Piece("reading the ledger …", Tone.QUIET)),)
        return (
            () if self._entries else (line(Piece("the ledger of this repository says nothing of it", Tone.QUIET)),)
        )
