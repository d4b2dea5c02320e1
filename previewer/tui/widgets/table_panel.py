"""A tab of an environment's screen that is one table."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from previewer.tui.desk import Desk
from previewer.tui.present.columns import Column
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content
from previewer.tui.widgets.panel import Panel
from previewer.tui.widgets.rows_table import Row, RowsTable

LEAST_WIDTH = 20
SCROLL_BAR = 3
"""Cells at the right that no column gets."""


class TablePanel(Panel):
    """Says above the table why it is empty, or older than it could be."""

    def __init__(self, desk: Desk, *, name: str, asking: str, nothing: str) -> None:
        """``asking`` is said until the first answer comes, ``nothing`` where an answer has no rows."""
        super().__init__(desk, name=name)
        self._asking = asking
        self._nothing = nothing

    def compose(self) -> ComposeResult:
        """Why there is nothing, else the table."""
        yield Static(classes="panel-title", markup=False)
        yield RowsTable(name=f"{self.id}-rows")

    @property
    def target(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    def columns(self, width: int) -> Sequence[Column]:
        """Those that fit into ``width`` cells."""
        raise NotImplementedError

    def rows(self) -> Sequence[Row] | None:
        """What the newest answer says; ``None`` before the first."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show the newest answer. What is hidden is drawn when its tab is chosen."""
        if not self.display:
            return
        rows = self.rows()
        self.show_rows(self.target, self.columns(max(LEAST_WIDTH, self.size.width - SCROLL_BAR)), rows or ())
        lines = self._notice(rows)
        notice = self.query_one(Static)
        notice.display = bool(lines)
        notice.update(to_content(*lines))

    def repaint(self) -> None:
        """Cells hold colours."""
        self.target.repaint()

    def _notice(self, rows: Sequence[Row] | None) -> tuple[Line, ...]:
        if self.error is not None:
            return failure_lines(self.error, details=3)
        if rows:
            return ()
        return (line(Piece(self._asking if rows is None else self._nothing, Tone.QUIET)),)
