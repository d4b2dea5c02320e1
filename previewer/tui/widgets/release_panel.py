"""What an environment runs, and where that came from."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from previewer.operations.inspect import Inspection
from previewer.tui.answers import InspectionRead
from previewer.tui.desk import Desk
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.release_lines import release_lines
from previewer.tui.widgets.lines_view import LinesView
from previewer.tui.widgets.panel import Panel


class ReleasePanel(Panel):
    """Images, packages, provenance, signature."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, name="release")
        self._inspection: Inspection | None = None

    def compose(self) -> ComposeResult:
        """Lines."""
        yield LinesView(name="release-lines")

    @property
    def target(self) -> LinesView:
        """The lines."""
        return self.query_one(LinesView)

    def ask(self) -> None:
        """Ask for everything that is known."""
        if self.environment is not None:
            self.desk.inquiries.read_release(self.environment.ownership.release, self)

    @on(InspectionRead)
    def release_read(self, message: InspectionRead) -> None:
        """It is known."""
        message.stop()
        self._inspection, self.error = message.inspection, None
        self.draw()

    def draw(self) -> None:
        """Show it."""
        self.target.show(self._lines(max(30, self.size.width - 6)))

    def _lines(self, width: int) -> tuple[Line, ...]:
        if self.error is not None:
            return failure_lines(self.error)
        if self._inspection is None:
            return (line(Piece("reading the release …", Tone.QUIET)),)
        return release_lines(self._inspection, width=width)
