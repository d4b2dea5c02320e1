"""Home: branches beside environments, staging and production above, and everything one can do with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Input, Static

from previewer.domain.commit.revision import Branch
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.job_kinds import PRUNE, UP
from previewer.tui.present.home import HomeRow, filter_rows, fit_columns, home_rows, row_lines
from previewer.tui.present.notices import as_of_words, empty_table, engine_line, engine_notice, source_notice
from previewer.tui.present.pinned import parity_strip, pinned_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, count_of, hanging_indent, line, to_content
from previewer.tui.present.work_lines import cell_line, status_line
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested, ScreenRequested
from previewer.tui.screens.acting import ACTING, ActingScreen
from previewer.tui.widgets.bars import KeyBar, Notice, TopBar
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.rows_table import RowsTable

MOST_ROWS = 300
"""In the table; the filter looks through all branches, however many there are."""
TABLE_MARGIN = 3
"""The table's padding and its scroll bar."""
NOTICE_MARGIN = 3
"""A notice's border and padding."""
KEYS = (
    "open", "up", "wake", "update", "down", "browse", "work", "filter", "menu", "drift", "parity", "logs",
    "commits", "promote", "extend", "sleep", "mark", "copy", "retry", "prune",
)  # fmt: skip


class HomeScreen(ActingScreen):
    """Where a user starts."""

    PLACE = Place.HOME
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(
            (*ACTING, "open", "up", "copy", "commits", "mark", "filter", "maximise", "menu", "back", "prune")
        )
    ]

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._marked: set[str] = set()
        self._rows: tuple[HomeRow, ...] = ()
        self._rows_of: tuple[object, object, object] = (None, None, None)
        self._shown: dict[str, OverviewRow] = {}

    def compose(self) -> ComposeResult:
        """Top bar, strip, notices, table, filter, status, keys."""
        yield TopBar()
        yield Static(id="pinned", markup=False)
        yield Notice(name="engine-notice")
        yield Notice(name="source-notice")
        yield RowsTable(name="branches")
        yield Notice(name="empty")
        yield LineInput(
            name="filter", placeholder="branch, author, subject, state … · enter keeps it, esc clears it"
        )
        yield Notice(name="status")
        yield KeyBar(self.context.key_of)

    def on_mount(self) -> None:
        """Say at once what this is and what it waits for: the first frame is drawn before anything is known."""
        super().on_mount()
        self.paint()

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.query_one("#branches", RowsTable)

    @property
    def filter(self) -> LineInput:
        """The filter."""
        return self.query_one("#filter", LineInput)

    @property
    def row(self) -> OverviewRow | None:
        """What is under the cursor."""
        return self._shown.get(self.table.selected_key or "")

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
        return tuple(e for e in self.app_state.environments or () if e.name in self._marked)

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def paint(self) -> None:
        """Show what is known now."""
        self._draw_top()
        self._draw_notices()
        self._draw_table()
        self._draw_status()
        self.draw_keys()

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
        left, right = self.environments_beside
        self.post_message(ScreenRequested.parity(left, right))

    @property
    def environments_beside(self) -> tuple[str, str]:
        """The names of what is to be compared; empty for staging and production."""
        names = [environment.name for environment in self.marked]
        return (names[0], names[1]) if len(names) == 2 else ("", "")

    def action_copy(self) -> None:
        """Copy the URL; of a branch without one its commit."""
        if self.environment is not None and self.environment.url:
            self.post_message(CopyRequested(self.environment.url))
        elif self.branch is not None:
            self.post_message(CopyRequested(self.branch.commit))

    def action_mark(self) -> None:
        """Mark the environment, or take the mark away; go on to the next row."""
        if self.is_possible("mark") and self.environment is not None:
            self._marked ^= {self.environment.name}
            self.draw()
            self.table.action_cursor_down()

    def unmark(self, names: Collection[str]) -> None:
        """Take these marks away: what they were for has begun."""
        self._marked.difference_update(names)
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
        elif self._marked:
            self._marked.clear()
        elif self.has_class("-maximised"):
            self.remove_class("-maximised")
        self.draw()

    @on(Input.Changed, "#filter")
    def filter_typed(self) -> None:
        """Filter while the user types."""
        self._draw_table()
        self.draw_keys()

    @on(Input.Submitted, "#filter")
    def filter_kept(self) -> None:
        """Back to the table, the filter stays."""
        self.filter.display = bool(self.filter.value)
        self.table.focus()

    def on_descendant_focus(self) -> None:
        """A filter that is kept says what it leaves out."""
        self._draw_status()

    @on(DataTable.RowHighlighted)
    def row_changed(self) -> None:
        """Other keys matter."""
        self.draw_keys()

    @on(DataTable.RowSelected)
    def row_clicked(self) -> None:
        """A click on the row under the cursor opens it."""
        self.action_open()

    def _draw_top(self) -> None:
        app_state, session = self.app_state, self.context.session
        left = line(Span("previewer", Tone.STRONG), Span("  "), Span(session.project, Tone.ACCENT))
        counts: list[str] = []
        if app_state.branches is not None:
            counts.append(count_of(len(app_state.branches), "branch", "branches"))
        if app_state.environments is not None:
            counts.append(count_of(len(app_state.environments), "environment", "environments"))
        right = line(Span(" · ".join(counts) + (" · " if counts else ""), Tone.QUIET))
        self.query_one(TopBar).show(left, (*right, *engine_line(app_state, self.context.now())))
        strip = pinned_lines(
            app_state.environments,
            error=app_state.engine_error,
            now=self.context.now(),
            width=max(20, self.width - 4),
            up_key=self.context.key_of("up"),
        )
        strip += parity_strip(app_state, width=max(20, self.width - 4), key=self.context.key_of("parity"))
        self.query_one("#pinned", Static).update(to_content(*strip))

    def _draw_notices(self) -> None:
        app_state, retry = self.app_state, self.context.key_of("retry")
        has_some = bool(app_state.environments)
        engine = app_state.engine_error
        width = self.width - NOTICE_MARGIN
        as_of = as_of_words(app_state.read_at, self.context.now()) if has_some and app_state.read_at else ""
        lines = engine_notice(engine, retry_key=retry, as_of=as_of) if engine else ()
        self.query_one("#engine-notice", Notice).say(hanging_indent(lines, width))
        source = app_state.source_error
        lines = source_notice(source, retry_key=retry) if source else ()
        self.query_one("#source-notice", Notice).say(hanging_indent(lines, width))

    def _draw_table(self) -> None:
        app_state = self.app_state
        is_first_answer = self._rows_of[1] is None and app_state.environments is not None
        stays_at_top = is_first_answer and self.table.cursor_row == 0
        if self._rows_of != (app_state.branches, app_state.environments, app_state.commits):
            self._rows_of = (app_state.branches, app_state.environments, app_state.commits)
            self._rows = home_rows(app_state.rows)
        found = filter_rows(self._rows, self.filter.value)
        shown = found[:MOST_ROWS]
        self._shown = {row.key: row.source for row in shown}
        rows = [(row.key, self._lines(row.source)) for row in shown]
        width = self.width - TABLE_MARGIN
        self.table.show(fit_columns(width, longest_cells(lines for _key, lines in rows)), rows)
        if stays_at_top:
            self.table.action_cursor_top()
        empty = self.query_one("#empty", Notice)
        empty.styles.height = "auto" if shown else "1fr"  # the filter stays at the bottom
        lines: tuple[Line, ...] = ()
        if not shown:
            lines = empty_table(
                is_waiting=app_state.branches is None and app_state.source_error is None,
                filter_text=self.filter.value,
                branch_count=len(app_state.branches or ()),
                location=self.context.session.source.location,
            )
        elif len(found) > len(shown):
            lines = (line(Span(f"the first {len(shown)} of {len(found)} rows: / finds the others", Tone.QUIET)),)
        empty.say(lines)

    def _lines(self, row: OverviewRow) -> Mapping[str, Line]:
        work = self.context.work_on(
            branch=row.branch.name if row.branch else None,
            environment=row.environment.name if row.environment else None,
        )
        return row_lines(
            row,
            now=self.context.now(),
            is_marked=row.environment is not None and row.environment.name in self._marked,
            task=cell_line(work, self.context.monotonic()) if work else (),
            drift=self.app_state.drift(row.environment) if row.environment else None,
            is_stale=self.app_state.engine_error is not None,
        )

    def _draw_status(self) -> None:
        lines: list[Line] = []
        now, key = self.context.monotonic(), self.context.key_of("work")
        lines += [status_line(work, now, key=key) for work in self.context.running_works[-3:]]
        last = next(reversed(self.context.works.values()), None)
        if last is not None and not last.is_running and last.error is not None and not last.was_seen:
            lines.append(status_line(last, now, key=key))
        if self._marked:
            count = len(self.marked)
            down, rest, parity, back = map(self.context.key_of, ("down", "sleep", "parity", "back"))
            keys = f" · {down} tears them down, {rest} stops them, {parity} compares two, {back} unmarks"
            lines.append(line(Span(f"▌ {count} marked", Tone.ACCENT), Span(keys, Tone.QUIET)))
        if self.filter.value and self.focused is not self.filter:
            change, clear = map(self.context.key_of, ("filter", "back"))
            said = f"{len(self._shown)} of {len(self._rows)} rows · {change} changes the filter, {clear} clears it"
            lines.append(line(Span(said, Tone.QUIET)))
        self.query_one("#status", Notice).say(lines)
