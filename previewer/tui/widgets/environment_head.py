"""The top of an environment's screen: where one is, how the environment is and why, and the tabs."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message

from previewer.domain.commit.revision import Branch
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import FailedAttempt
from previewer.present.values import Span, Tone
from previewer.tui.context import AppContext, AppState
from previewer.tui.present.environment import gone_lines, header_lines, tab_lines
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.states import differences_of
from previewer.tui.present.text import Line, line, quiet, to_content, width_of
from previewer.tui.widgets.bars import TopBar
from previewer.tui.widgets.text_block import TextBlock

LEAST_WIDTH = 20


class TabLine(TextBlock):
    """The tabs' names with their keys; they can be clicked too."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self) -> None:
        super().__init__(id="tabs", markup=False)
        self._lines: tuple[tuple[str, Line], ...] = ()

    def show(self, current: str, counts: Mapping[str, int]) -> None:
        """Show ``current`` in front; ``counts`` of what a tab has that wants to be looked at."""
        self._lines = tab_lines(current, counts, width=self.app.size.width - 4)
        self.put(to_content(tuple(span for _name, spans in self._lines for span in spans)))

    def on_click(self, event: Click) -> None:
        """To the tab below the pointer."""
        offset = event.get_content_offset(self)
        end = 0
        for name, spans in self._lines:
            end += width_of(spans)
            if offset is not None and offset.x < end:
                self.post_message(self.Chosen(name))
                return


class EnvironmentHead(Vertical):
    """Of an environment that is gone it shows how it was when it was last seen, or how its attempt failed."""

    def __init__(self, context: AppContext, environment: str) -> None:
        super().__init__()
        self.context = context
        self.environment_name = environment

    def compose(self) -> ComposeResult:
        """Top bar, head, tabs."""
        yield TopBar()
        yield TextBlock(id="head", markup=False)
        yield TabLine()

    def draw(
        self,
        state: AppState,
        environment: Environment | None,
        *,
        last: Environment | None,
        branch: Branch | None,
        attempt: FailedAttempt | None,
        last_words: str,
        tab: str,
    ) -> None:
        """Show it. ``last`` is the environment as it was last seen, ``last_words`` what a failed service wrote."""
        left = line(
            Span(f"{self.context.session.project} › ", Tone.QUIET), Span(self.environment_name, Tone.STRONG)
        )
        self.query_one(TopBar).show(left, engine_line(state, self.context.now()))
        shown = environment or last
        lines: tuple[Line, ...] = (line(Span("asking the engine …", Tone.QUIET)),)
        if shown is not None:
            lines = header_lines(
                shown,
                branch,
                now=self.context.now(),
                width=max(LEAST_WIDTH, self.app.size.width - 4),
                drift=state.drift(shown),
                last_words=last_words,
            )
        if environment is None and state.environments is not None:
            lines = (*gone_lines(self.environment_name, attempt, self.context.now()), *lines[1:])
        if state.engine_error is not None:
            lines = (*failure_lines(state.engine_error, details=0), *map(quiet, lines[1:]))
        self.query_one("#head", TextBlock).put(to_content(*lines))
        counts: Mapping[str, int] = {"drift": differences_of(state.drift(shown))} if shown is not None else {}
        self.query_one(TabLine).show(tab, counts)
