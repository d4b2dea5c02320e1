"""What a repository without definitions would run: shown, tried, and committed on a branch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from previewer.errors import PreviewerError
from previewer.operations.init import ManySourcesError
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import QuestionFailed
from previewer.tui.first_use_jobs import Beginning, first_use_jobs
from previewer.tui.messages import BeginningRead
from previewer.tui.present.first_use import beginning_lines
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.text import Line, hanging_indent, line
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.pick import PickScreen
from previewer.tui.widgets.bars import KeyBar, TopBar
from previewer.tui.widgets.lines import LinesView

MARGIN = 7
"""Padding, and a scroll bar that may come."""
KEYS = ("back", "try", "write", "copy", "choose-source", "retry", "menu")


class StartScreen(PreviewerScreen):
    """Asks once; where several files could be the beginning, the user chooses."""

    PLACE = Place.START
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._sources: tuple[str, ...] = ()
        self._beginning: Beginning | None = None
        self._error: PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Top bar, what there is, keys."""
        yield TopBar()
        yield LinesView(name="beginning")
        yield KeyBar(self.context.key_of)

    def on_mount(self) -> None:
        """Ask git."""
        super().on_mount()
        self.query_one(LinesView).focus()
        self.action_retry()

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given what is known."""
        beginning = self._beginning
        if action in ("try", "write", "copy") and (beginning is None or not beginning.plan.files):
            return "there is nothing to write" if beginning is not None else "it is not known yet"
        if action == "try" and self.app_state.engine_error is not None:
            return self.app_state.engine_error.message
        return None

    def request(self, verb: str) -> Request | None:
        """Try it, or write it."""
        context = self.context
        if self._beginning is None:
            return None
        jobs = first_use_jobs(self._beginning, docker_host=context.docker_host, environment=context.environment)
        return Request(jobs[verb], context.session.project)

    def action_retry(self) -> None:
        """Ask again."""
        self.context.detail_queries.read_beginning(self._sources, self)

    def action_copy(self) -> None:
        """Copy the texts of all files."""
        if self.is_possible("copy") and self._beginning is not None:
            files = sorted(self._beginning.plan.files.items())
            self.post_message(CopyRequested("\n".join(f"# {path}\n{text}" for path, text in files)))

    def action_choose_source(self) -> None:
        """Begin with another file."""
        error = self._error
        offered = error.sources if isinstance(error, ManySourcesError) else ()
        names = [(name, "of HEAD") for name in offered]
        self.app.push_screen(PickScreen("Which file does it begin with?", names), self._source_chosen)

    @on(BeginningRead)
    def beginning_read(self, message: BeginningRead) -> None:
        """It is known."""
        message.stop()
        self._beginning, self._error = message.beginning, None
        self.draw()

    @on(QuestionFailed)
    def beginning_failed(self, message: QuestionFailed) -> None:
        """Several files could be the beginning, or something else is wrong."""
        message.stop()
        self._beginning, self._error = None, message.error
        self.draw()
        if isinstance(message.error, ManySourcesError) and self.is_active:
            self.action_choose_source()

    def paint(self) -> None:
        """Show what is known now."""
        project = self.context.session.project
        title = line(Span(f"{project} › ", Tone.QUIET), Span("definitions", Tone.STRONG))
        self.query_one(TopBar).show(title, engine_line(self.app_state, self.context.now()))
        view = self.query_one(LinesView)
        width = max(20, self.width - MARGIN)
        view.show(self._lines(width))
        self.draw_keys()

    def _lines(self, width: int) -> tuple[Line, ...]:
        if self._error is not None:
            return hanging_indent(failure_lines(self._error), width)
        if self._beginning is None:
            return (line(Span("reading what HEAD has …", Tone.QUIET)),)
        return beginning_lines(self._beginning, width=width, key_of=self.context.key_of)

    def _source_chosen(self, source: str | None) -> None:
        if source is not None:
            self._sources = (source,)
            self.action_retry()
