"""An operation at work: its tasks, the output of what is being built, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll

from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.job import Job
from previewer.tui.present.text import hanging_indent, line, to_content
from previewer.tui.present.work_lines import ending_lines, progress_line, tail_lines, task_lines, work_title
from previewer.tui.screen_requests import ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.bars import KeyBar, TopBar
from previewer.tui.widgets.text_block import TextBlock

LARGEST_TAIL = 14
"""Lines of output, at most a third of the screen."""
ENDING_MARGIN = 5
"""Padding and scroll bar beside what came of it."""


class ProgressScreen(PreviewerScreen):
    """Leaving it leaves the operation running."""

    PLACE = Place.PROGRESS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back", "cancel-work", "open-result"))]

    def __init__(self, context: AppContext, number: int) -> None:
        super().__init__(context)
        self.number = number

    def compose(self) -> ComposeResult:
        """Top bar, title, tasks, tail, ending, keys."""
        yield TopBar()
        yield TextBlock(id="work-title", markup=False)
        with VerticalScroll(id="tasks"):
            yield TextBlock(id="task-lines", markup=False)
            yield TextBlock(id="ending", markup=False)
        yield TextBlock(id="tail", markup=False)
        yield KeyBar(self.context.key_of)

    @property
    def job(self) -> Job:
        """The operation."""
        return self.context.works[self.number]

    def on_mount(self) -> None:
        """The spinner turns only while this screen is in front."""
        super().on_mount()
        self.query_one("#tasks").focus()

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return ("open-result", "cancel-work", "back")

    def paint(self) -> None:
        """Show what is known now."""
        job, now = self.job, self.context.monotonic()
        project = self.context.session.project
        self.query_one(TopBar).show(
            line(Span(f"{project} › ", Tone.QUIET), Span(job.title, Tone.STRONG)),
            (*progress_line(job), *line(Span(f"   $ {job.command}" if job.command else "", Tone.QUIET))),
        )
        self.query_one("#work-title", TextBlock).put(to_content(work_title(job, now)))
        tasks = self.query_one("#tasks", VerticalScroll)
        is_at_end = tasks.is_vertical_scroll_end
        width = max(20, tasks.scrollable_content_region.width - 1)
        self.query_one("#task-lines", TextBlock).put(to_content(*task_lines(job, now, width=width)))
        self._draw_tail(job)
        self._draw_ending(job)
        if is_at_end:
            self.call_after_refresh(tasks.scroll_end, animate=False)
        self.draw_keys()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given how the operation is doing."""
        job = self.job
        if action == "cancel-work" and not job.is_running:
            return "it is over"
        if action == "open-result" and self._result is None:
            return "no environment has come up yet" if job.verb != "down" else "nothing is left to open"
        return None

    def action_cancel_work(self) -> None:
        """Stop, and undo."""
        if self.is_possible("cancel-work"):
            self.job.cancellation.request()
            self.draw()

    def action_open_result(self) -> None:
        """Into what came up."""
        if self.is_possible("open-result") and self._result is not None:
            name = self._result
            self.close()
            self.app.post_message(ScreenRequested.environment(name))

    @property
    def _result(self) -> str | None:
        job = self.job
        if job.is_running or job.error is not None or job.verb == "down":
            return None
        return next(iter(job.environments), None)

    def _draw_tail(self, job: Job) -> None:
        shown = tail_lines(job, height=min(LARGEST_TAIL, self.size.height // 3))
        tail = self.query_one("#tail", TextBlock)
        tail.display = bool(shown) and job.ended_at is None
        tail.put(to_content(*shown))

    def _draw_ending(self, job: Job) -> None:
        lines = ending_lines(job)
        ending = self.query_one("#ending", TextBlock)
        ending.display = bool(lines)
        ending.put(to_content(*hanging_indent(lines, self.size.width - ENDING_MARGIN)))
        if not job.is_running:
            job.was_seen = True
