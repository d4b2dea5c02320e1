"""Drift of an environment, looked at again whenever the engine says that something happened."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.drift.finding import Finding
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import DriftRead
from previewer.tui.present.finding_rows import (
    drift_title,
    finding_detail,
    finding_key,
    finding_lines,
    fit_finding_columns,
)
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, to_content
from previewer.tui.widgets.panel import Panel
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.text_block import TextBlock


class DriftPanel(Panel):
    """Findings above, everything about the one under the cursor below."""

    TAB: ClassVar[str] = "drift"
    KEYS: ClassVar[tuple[str, ...]] = ("back", "replace", "retry", "parity", "debug", "menu", "down")
    LOOK_EVERY: ClassVar[float | None] = 10.0
    """What a program writes into its own file system makes no event."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context, name="drift")
        self._drift: EnvironmentDrift | None = None

    def compose(self) -> ComposeResult:
        """Title, findings, detail."""
        yield TextBlock(id="drift-title", classes="panel-title", markup=False)
        yield RowsTable(name="findings")
        yield TextBlock(id="finding", classes="detail", markup=False)

    @property
    def target(self) -> RowsTable:
        """The findings."""
        return self.query_one(RowsTable)

    @property
    def finding(self) -> Finding | None:
        """The one under the cursor."""
        key = self.target.selected_key
        return next((f for f in self._findings if finding_key(f) == key), None)

    def on_mount(self) -> None:
        """Look whenever the engine tells that something was done."""
        self.watch(self.app, "touches_seen", self.look_now, init=False)

    def look_now(self) -> None:
        """Look, if the tab is in front."""
        if self.display:
            self.ask()

    def ask(self) -> None:
        """Look again."""
        if self.environment is not None:
            self.context.detail_queries.read_drift(self.environment.name, self)

    @on(DriftRead)
    def drift_read(self, message: DriftRead) -> None:
        """There is a verdict. The application wants it too, for its marks."""
        message.stop()  # an answer to what the screen itself asked would not go further than the screen
        self.app.post_message(DriftRead(message.drift, is_newly_tainted=message.is_newly_tainted))
        self._drift, self.error = message.drift, None
        self.draw()

    @on(RowsTable.RowHighlighted)
    def finding_chosen(self) -> None:
        """Another one is under the cursor."""
        self._draw_detail()

    def draw(self) -> None:
        """Show the newest verdict."""
        width = max(20, self.size.width)
        now = self.context.now()
        title = self.query_one("#drift-title", TextBlock)
        if self.error is not None:
            title.put(to_content(*failure_lines(self.error, details=3)))
        else:
            title.put(
                to_content(drift_title(self._drift, is_live=bool(getattr(self.app, "hears_touches", False))))
            )
        rows = {finding_key(f): finding_lines(f, now=now) for f in self._findings}
        columns = fit_finding_columns(width - 3, longest_cells(rows.values()))
        self.show_rows(self.target, columns, tuple(rows.items()))
        self._draw_detail()

    def repaint(self) -> None:
        """Cells hold colours."""
        self.target.repaint()
        self.draw()

    @property
    def _findings(self) -> tuple[Finding, ...]:
        return self._drift.findings if self._drift else ()

    def _draw_detail(self) -> None:
        finding = self.finding
        lines: tuple[Line, ...] = ()
        if finding is not None:
            key = self.context.key_of("replace")
            width = max(30, self.size.width - 4)
            lines = finding_detail(finding, now=self.context.now(), width=width, replace_key=key)
        detail = self.query_one("#finding", TextBlock)
        detail.display = bool(lines)
        detail.put(to_content(*lines))
