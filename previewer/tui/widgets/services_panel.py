"""Every container of an environment with its restarts."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from previewer.domain.environment import Environment
from previewer.domain.examination import ExaminedContainer
from previewer.errors import PreviewerError
from previewer.tui.answers import ContainersRead, QuestionFailed
from previewer.tui.desk import Desk
from previewer.tui.present.container_rows import container_lines, fit_container_columns
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content
from previewer.tui.widgets.panel import Panel
from previewer.tui.widgets.rows_table import RowsTable

LOOK_EVERY = 5.0
"""Seconds between two looks at the restarts."""


class ServicesPanel(Panel):
    """Debug copies are there too, for as long as they are."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, name="all-services")
        self._containers: tuple[ExaminedContainer, ...] | None = None
        self._error: PreviewerError | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Why there is nothing, else the table."""
        yield Static(id="containers-notice", classes="panel-title", markup=False)
        yield RowsTable(name="containers")

    @property
    def target(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @property
    def service(self) -> str | None:
        """The service under the cursor."""
        key = self.target.selected_key
        return next((c.service for c in self._containers or () if c.name == key), None)

    def open(self, environment: Environment) -> None:
        """Look, and go on looking."""
        super().open(environment)
        self._timer = self._timer or self.set_interval(LOOK_EVERY, self.ask)
        self._timer.resume()

    def close(self) -> None:
        """Rest."""
        super().close()
        if self._timer is not None:
            self._timer.pause()

    def ask(self) -> None:
        """Look again."""
        if self.environment is not None:
            self.desk.inquiries.read_containers(self.environment, self)

    @on(ContainersRead)
    def containers_read(self, message: ContainersRead) -> None:
        """They were inspected."""
        message.stop()
        self._containers, self._error = message.containers, None
        self.draw()

    @on(QuestionFailed)
    def look_failed(self, message: QuestionFailed) -> None:
        """They could not be."""
        message.stop()
        self._error = message.error
        self.draw()

    def draw(self) -> None:
        """Show the newest look."""
        environment, now = self.environment, self.desk.now()
        if environment is None:
            return
        rows = [(c.name, container_lines(c, environment, now=now)) for c in self._containers or ()]
        self.show_rows(self.target, fit_container_columns(max(20, self.size.width - 3)), rows)
        notice = self.query_one("#containers-notice", Static)
        lines = self._notice()
        notice.display = bool(lines)
        notice.update(to_content(*lines))

    def repaint(self) -> None:
        """Cells hold colours."""
        self.target.repaint()

    def _notice(self) -> tuple[Line, ...]:
        if self._error is not None:
            return failure_lines(self._error, details=3)
        if self._containers is None:
            return (line(Piece("inspecting …", Tone.QUIET)),)
        return () if self._containers else (line(Piece("no container of it is left", Tone.QUIET)),)
