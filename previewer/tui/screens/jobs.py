"""Every job that was started here, with the command line that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.job import Job
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import line
from previewer.tui.present.work_lines import fit_job_columns, job_row
from previewer.tui.screen_requests import CopyRequested, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.bars import KeyBar, Notice, TopBar
from previewer.tui.widgets.rows_table import RowsTable


class JobsScreen(PreviewerScreen):
    """Newest first."""

    PLACE = Place.JOBS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back", "open-job", "cancel-work", "copy", "menu"))]

    def compose(self) -> ComposeResult:
        """Top bar, table, keys."""
        yield TopBar()
        yield RowsTable(name="jobs")
        yield Notice(name="empty")
        yield KeyBar(self.context.key_of)

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @property
    def job(self) -> Job | None:
        """The one under the cursor."""
        key = self.table.selected_key
        return self.context.works.get(int(key)) if key else None

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return ("back", "open-job", "cancel-work", "copy", "menu")

    def paint(self) -> None:
        """Show what is known now."""
        project, now = self.context.session.project, self.context.monotonic()
        jobs = list(reversed(self.context.works.values()))
        self.query_one(TopBar).show(line(Span(f"{project} › ", Tone.QUIET), Span("jobs", Tone.STRONG)))
        rows = [(str(job.number), job_row(job, now)) for job in jobs]
        longest = longest_cells(cells for _key, cells in rows)
        was_shown, self.table.display = self.table.display, bool(rows)
        self.table.show(fit_job_columns(self.width - 3, longest), rows)
        if rows and (not was_shown or self.focused is None):
            self.table.focus()
        nothing = line(Span("nothing has been started yet", Tone.QUIET))
        self.query_one("#empty", Notice).say(() if rows else (nothing,))
        self.draw_keys()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given the job under the cursor."""
        if action in ("open-job", "copy", "cancel-work") and self.job is None:
            return "nothing has been started yet"
        return "it is over" if action == "cancel-work" and self.job and not self.job.is_running else None

    def action_open_job(self) -> None:
        """To its tasks, or to how it ended."""
        if self.is_possible("open-job") and self.job is not None:
            self.post_message(ScreenRequested.progress(self.job.number))

    def action_cancel_work(self) -> None:
        """Stop it, and undo."""
        if self.is_possible("cancel-work") and self.job is not None:
            self.job.cancellation.request()
            self.draw()

    def action_copy(self) -> None:
        """Copy the command line."""
        if self.is_possible("copy") and self.job is not None:
            self.post_message(CopyRequested(self.job.command))

    def action_back(self) -> None:
        """To where the list was asked for."""
        self.close()

    @on(RowsTable.RowSelected)
    def row_entered(self) -> None:
        """Enter, or a click on the row under the cursor."""
        self.action_open_job()
