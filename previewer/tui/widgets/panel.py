"""A tab of an environment's screen that asks for its own content while it is in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.timer import Timer
from textual.widget import Widget

from previewer.domain.environment.environment import Environment
from previewer.errors import PreviewerError
from previewer.present.tables import Column
from previewer.present.values import Span, Tone
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import QuestionFailed
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.text import Line, line, to_content
from previewer.tui.request import Request
from previewer.tui.widgets.rows_table import Row, RowsTable
from previewer.tui.widgets.text_block import TextBlock


class Panel(Vertical):
    """Hidden until its tab is chosen. Answers come to the panel itself."""

    TAB: ClassVar[str]
    """The tab's name."""
    KEYS: ClassVar[tuple[str, ...]]
    """The actions of the key bar while it is in front."""
    ROW_JOB: ClassVar[str] = ""
    """The action that entering a row asks for; empty for none."""
    LOOK_EVERY: ClassVar[float | None] = None
    """Seconds between two questions while it is in front; ``None`` where only another environment is a reason."""

    def __init__(self, context: AppContext, *, name: str) -> None:
        super().__init__(id=name)
        self.context = context
        self.display = False
        self.error: PreviewerError | None = None
        """Why the last question has no answer. An answer clears it."""
        self._environment: Environment | None = None
        self._timer: Timer | None = None

    @property
    def target(self) -> Widget:
        """What gets the focus."""
        raise NotImplementedError

    @property
    def environment(self) -> Environment | None:
        """As it was last seen; ``None`` while the tab is not in front."""
        return self._environment

    def open(self, environment: Environment) -> None:
        """The tab was chosen."""
        self._environment = environment
        self.display = True
        self.ask()
        self.draw()
        if self.LOOK_EVERY is not None:
            self._timer = self._timer or self.set_interval(self.LOOK_EVERY, self.ask)
            self._timer.resume()

    def renew(self, environment: Environment) -> None:
        """The environment may be another by now; asks again only if it is."""
        before, self._environment = self._environment, environment
        if before != environment:
            self.ask()

    def close(self) -> None:
        """Another tab was chosen, or the screen goes."""
        self._environment = None
        self.display = False
        if self._timer is not None:
            self._timer.pause()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given the row under the cursor, as a sentence; ``None`` where it can be done."""
        del action
        return None

    def about_row(self, request: Request) -> Request:
        """The job for the row under the cursor, where it is about one."""
        return request

    def ask(self) -> None:
        """Ask for what is shown."""
        raise NotImplementedError

    @on(QuestionFailed)
    def question_failed(self, message: QuestionFailed) -> None:
        """What was shown before stays, with the reason."""
        message.stop()
        self.error = message.error
        self.draw()

    def draw(self) -> None:
        """Show what is known."""
        raise NotImplementedError

    def show_rows(self, table: RowsTable, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show them; a table without rows is hidden, and takes the focus when it comes back."""
        was_shown = table.display
        table.show(columns, rows)
        if rows and not was_shown and self.display:
            self.call_after_refresh(table.focus)

    def repaint(self) -> None:
        """The theme has changed."""
        self.draw()

    def on_resize(self, _event: Resize) -> None:
        """Other widths."""
        if self.display:
            self.call_after_refresh(self.draw)


LEAST_WIDTH = 20
SCROLL_BAR = 3
"""Cells at the right that no column gets."""


class TablePanel(Panel):
    """Says above the table why it is empty, or older than it could be."""

    def __init__(self, context: AppContext, *, name: str, asking: str, nothing: str) -> None:
        """``asking`` is said until the first answer comes, ``nothing`` where an answer has no rows."""
        super().__init__(context, name=name)
        self._asking = asking
        self._nothing = nothing

    def compose(self) -> ComposeResult:
        """Why there is nothing, else the table."""
        yield TextBlock(classes="panel-title", markup=False)
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

    def title(self) -> Line:
        """What is said above the rows; nothing by default."""
        return ()

    def draw(self) -> None:
        """Show the newest answer. What is hidden is drawn when its tab is chosen."""
        if not self.display:
            return
        rows = self.rows()
        self.show_rows(self.target, self.columns(max(LEAST_WIDTH, self.size.width - SCROLL_BAR)), rows or ())
        lines = self._notice(rows)
        notice = self.query_one(TextBlock)
        notice.display = bool(lines)
        notice.put(to_content(*lines))

    def repaint(self) -> None:
        """Cells hold colours."""
        self.target.repaint()

    def _notice(self, rows: Sequence[Row] | None) -> tuple[Line, ...]:
        if self.error is not None:
            return failure_lines(self.error, details=3)
        if rows:
            return (said,) if (said := self.title()) else ()
        return (line(Span(self._asking if rows is None else self._nothing, Tone.QUIET)),)
