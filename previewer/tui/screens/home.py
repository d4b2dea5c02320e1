"""Home: branches beside environments, staging and production above, and everything one can do with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from previewer.domain.commit.revision import Branch
from previewer.domain.compose.definition import Role
from previewer.domain.engine.observation import ContainerState
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.job_kinds import PRUNE, UP
from previewer.tui.memory import LEAST_LINES, LEAST_PANE, MOST_LINES, MOST_PANE, PANE_STEP
from previewer.tui.present.first_use import tour_line
from previewer.tui.present.home import QUICK, SORT_OF, SORTS
from previewer.tui.present.notices import engine_line, home_notices
from previewer.tui.present.pinned import counts_line, total_line
from previewer.tui.present.text import hanging_indent, join, line
from previewer.tui.present.work_lines import failure_line, filter_line, job_lines, marked_line
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested, Destination, ScreenRequested
from previewer.tui.screens.acting import ACTING, ActingScreen
from previewer.tui.widgets.bars import KeyBar, Notice, TopBar
from previewer.tui.widgets.branch_list import BranchList
from previewer.tui.widgets.home_panes import GlancePane, RoleCards
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.text_block import TextBlock

MOST_MEASURED = 30
"""Containers whose usage is followed at once: each is a stream of its own."""
WIDE, TALL = 110, 34
"""Cells from which on the pane stands beside the table, and lines from which on it has a place below."""
NOTICE_MARGIN = 3
"""A notice's border and padding."""
KEYS = (
    "open", "up", "wake", "update", "down", "browse", "work", "filter", "menu", "drift", "parity", "logs",
    "commits", "promote", "extend", "sleep", "mark", "copy", "retry", "prune", "releases", "start",
)  # fmt: skip
OWN = (
    "open", "up", "copy", "commits", "mark", "filter", "maximise", "menu", "back", "prune", "sort", "releases",
    "start", "widen-pane", "narrow-pane", *(f"quick-{number}" for number in range(1, len(QUICK) + 1)),
)  # fmt: skip
"""The actions that are bound here, besides those of every screen that acts."""


class HomeScreen(ActingScreen):
    """Where a user starts."""

    PLACE = Place.HOME
    BINDINGS: ClassVar[list[BindingType]] = [*bindings((*ACTING, *OWN))]

    def compose(self) -> ComposeResult:
        """Top bar, cards, notices, quick filters, table, pane, filter, status, keys."""
        yield TopBar()
        yield RoleCards(self.context)
        yield Notice(name="engine-notice")
        yield Notice(name="source-notice")
        yield TextBlock(id="quick", markup=False)
        with Container(id="body"):
            yield BranchList(self.context)
            yield GlancePane(self.context)
        yield LineInput(
            name="filter", placeholder="branch, author, subject, state … · enter keeps it, esc clears it"
        )
        yield Notice(name="status")
        yield KeyBar(self.context.key_of)

    def on_mount(self) -> None:
        """Say at once what this is and what it waits for: the first frame is drawn before anything is known."""
        super().on_mount()
        self.list.sort = self.context.memory.preferences.sort
        self.paint()

    @property
    def list(self) -> BranchList:
        """The table with what is in it."""
        return self.query_one(BranchList)

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.list.table

    @property
    def filter(self) -> LineInput:
        """The filter."""
        return self.query_one("#filter", LineInput)

    @property
    def row(self) -> OverviewRow | None:
        """What is under the cursor."""
        return self.list.row

    @property
    def branch(self) -> Branch | None:
        """The branch under the cursor."""
        return self.row.branch if self.row else None

    @property
    def environment(self) -> Environment | None:
        """The environment under the cursor."""
        return self.row.environment if self.row else None

    @property
    def marked(self) -> tuple[Environment, ...]:
        """The marked environments that still exist."""
        return tuple(e for e in self.app_state.environments or () if e.name in self.list.marked)

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    @property
    def glance(self) -> GlancePane:
        """What is under the cursor."""
        return self.query_one(GlancePane)

    @property
    def visible_containers(self) -> tuple[str, ...]:
        """Those of the rows that are in sight, and of production and staging."""
        seen = [row.environment for row in self.list.rows_in_sight if row.environment is not None]
        guarded = [e for e in self.app_state.environments or () if e.role is not Role.PREVIEW]
        running = [
            container.name
            for environment in dict.fromkeys((*guarded, *seen))
            for service in environment.services
            for container in service.containers
            if container.state is ContainerState.RUNNING
        ]
        return tuple(dict.fromkeys(running))[:MOST_MEASURED]

    @property
    def is_drawable(self) -> bool:
        """Whether its widgets are there, those within others too."""
        return super().is_drawable and bool(self.query("#branches") and self.query("#card-2"))

    def usage_changed(self) -> None:
        """CPU and memory, where they are shown."""
        if self.is_drawable:
            self._draw_top()
            self._draw_table()
            self.glance.draw(self.app_state)

    def paint(self) -> None:
        """Show what is known now."""
        self._lay_out()
        self._draw_top()
        self._draw_notices()
        self._draw_table()
        self._draw_status()
        self.glance.look_at(self.row, self.app_state)
        self.draw_keys()

    def time_passed(self) -> None:
        """Ages are others now, and there may be new log lines."""
        super().time_passed()
        if self.is_drawable:
            self.glance.time_passed(self.app_state)

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()
        self.draw()

    def action_open(self) -> None:
        """Into the environment; of a branch without one, into its commits."""
        if self.environment is not None:
            self.post_message(ScreenRequested.environment(self.environment.name))
        elif self.branch is not None:
            self.action_commits()

    def action_commits(self) -> None:
        """Into the branch's commits."""
        if self.is_possible("commits") and self.branch is not None:
            self.post_message(ScreenRequested.commits(self.branch.name))

    def request(self, verb: str) -> Request | None:
        """Bring up the branch, or the commit of an orphan; remove what is unused; else for the environments."""
        project = self.context.session.project
        if verb == "prune":
            return Request(PRUNE, project)
        if verb != "up":
            return super().request(verb)
        if self.branch is not None:
            return Request(UP, project, revision=self.branch.name, branch=self.branch.name)
        return Request(UP, project, revision=self.environment.ownership.commit) if self.environment else None

    def action_parity(self) -> None:
        """To the two that are marked; else to staging and production."""
        names = [environment.name for environment in self.marked]
        self.post_message(ScreenRequested.parity(*(names if len(names) == 2 else ())))

    def action_releases(self) -> None:
        """To all that the repository keeps."""
        self.post_message(ScreenRequested(Destination.RELEASES))

    def action_start(self) -> None:
        """To what is derived for HEAD."""
        self.post_message(ScreenRequested(Destination.START))

    def action_quick(self, index: int) -> None:
        """Show only rows of one kind."""
        self.list.quick = index
        self.draw()
        self.table.focus()

    def action_sort(self) -> None:
        """By the next order."""
        self._order(SORTS[(SORTS.index(self.list.sort) + 1) % len(SORTS)])

    def action_resize_pane(self, steps: int) -> None:
        """Move the border between the table and the pane."""
        memory = self.context.memory
        if self.has_class("-wide"):
            percent = memory.preferences.pane_percent + PANE_STEP * steps
            memory.keep(pane_percent=min(MOST_PANE, max(LEAST_PANE, percent)))
        else:
            lines = memory.preferences.pane_lines + steps
            memory.keep(pane_lines=min(MOST_LINES, max(LEAST_LINES, lines)))
        self.draw()
        self.call_after_refresh(self.draw)  # the columns fit the width that it has then

    def _order(self, sort: str) -> None:
        self.list.sort = sort
        self.context.memory.keep(sort=sort)
        self.draw()

    def action_copy(self) -> None:
        """Copy the URL; of a branch without one its commit."""
        if self.environment is not None and self.environment.url:
            self.post_message(CopyRequested(self.environment.url))
        elif self.branch is not None:
            self.post_message(CopyRequested(self.branch.commit))

    def action_mark(self) -> None:
        """Mark the environment, or take the mark away; go on to the next row."""
        if self.is_possible("mark") and self.environment is not None:
            self.list.marked ^= {self.environment.name}
            self.draw()
            self.table.action_cursor_down()

    def unmark(self, names: Collection[str]) -> None:
        """Take these marks away: what they were for has begun."""
        self.list.unmark(names)
        self.draw()

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter.ask()

    def action_maximise(self) -> None:
        """Only the table, and back."""
        self.toggle_class("-maximised")

    def action_back(self) -> None:
        """Clear the filter, then the marks."""
        if self.filter.display or self.filter.value:
            self.filter.put_away()
            self.table.focus()
        elif self.list.marked:
            self.list.marked.clear()
        elif self.list.quick:
            self.list.quick = 0
        elif self.has_class("-maximised"):
            self.remove_class("-maximised")
        self.draw()

    @on(Input.Changed, "#filter")
    def filter_typed(self) -> None:
        """Filter while the user types."""
        self._draw_table()
        self._draw_status()
        self.draw_keys()

    @on(Input.Submitted, "#filter")
    def filter_kept(self) -> None:
        """Back to the table, the filter stays."""
        self.filter.display = bool(self.filter.value)
        self.table.focus()

    def on_descendant_focus(self) -> None:
        """A filter that is kept says what it leaves out."""
        self._draw_status()

    @on(RowsTable.RowHighlighted)
    def row_changed(self) -> None:
        """Other keys matter, and another row is looked at."""
        self.draw_keys()
        self._draw_status()
        self.glance.look_at(self.row, self.app_state)

    @on(RowsTable.HeaderSelected)
    def header_clicked(self, message: RowsTable.HeaderSelected) -> None:
        """A click on a title orders by it."""
        if message.column in SORT_OF:
            self._order(SORT_OF[message.column])

    @on(RowsTable.RowSelected)
    def row_clicked(self) -> None:
        """A click on the row under the cursor opens it."""
        self.action_open()

    def _lay_out(self) -> None:
        """The pane beside the table where there is room for both, else below it, or nowhere."""
        height = self.size.height
        self.set_class(self.width >= WIDE, "-wide")
        self.set_class(self.width < WIDE and height < TALL, "-small")
        is_wide, kept = self.width >= WIDE, self.context.memory.preferences
        self.list.styles.width = f"{100 - kept.pane_percent if is_wide else 100}%"
        self.glance.styles.width = f"{kept.pane_percent if is_wide else 100}%"
        self.glance.styles.height = "1fr" if is_wide else min(kept.pane_lines, height // 2)

    def _draw_top(self) -> None:
        app_state, context = self.app_state, self.context
        project = context.session.project
        left = line(Span("previewer", Tone.STRONG), Span(" › ", Tone.QUIET), Span(project, Tone.ACCENT))
        total = context.usage.of(self.visible_containers)
        right = join(
            (counts_line(app_state), total_line(total), engine_line(app_state, context.now())), Span("  ")
        )
        self.query_one(TopBar).show(left, right)
        self.query_one(RoleCards).draw(app_state)

    def _draw_notices(self) -> None:
        said = home_notices(self.app_state, now=self.context.now(), retry_key=self.context.key_of("retry"))
        for name, lines in zip(("#engine-notice", "#source-notice"), said, strict=True):
            self.query_one(name, Notice).say(hanging_indent(lines, self.width - NOTICE_MARGIN))

    def _draw_table(self) -> None:
        self.list.draw(self.app_state, self.filter.value, has_pane=self.glance.display)
        self.list.draw_quick(self.query_one("#quick", TextBlock), self.width - 4)

    def _draw_status(self) -> None:
        lines, key_of = list(job_lines(self.context)), self.context.key_of
        if not self.glance.display and self.row is not None and self.row.failure is not None:
            lines.append(failure_line(self.row.failure, key_of))
        if self.list.marked:
            lines.append(marked_line(len(self.marked), key_of))
        is_toured, width = self.context.memory.preferences.is_toured, self.width - 4
        if self.filter.value:
            shown, count = self.list.counts
            lines.append(filter_line(shown, count, key_of, is_typing=self.focused is self.filter))
        elif tour := tour_line(self.app_state, is_toured=is_toured, key_of=key_of, width=width):
            lines.append(tour)
        self.query_one("#status", Notice).say(lines)
