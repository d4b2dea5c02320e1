"""The table of home: branches beside environments, in an order, filtered, with the quick filters above them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from textual.app import ComposeResult
from textual.containers import Vertical

from previewer.domain.environment.environment import OverviewRow
from previewer.tui.context import AppContext, AppState
from previewer.tui.present.home import QUICK, SORTS, HomeRow, filter_rows, fit_columns, home_rows, row_lines
from previewer.tui.present.notices import empty_table
from previewer.tui.present.pinned import quick_line
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, to_content
from previewer.tui.present.work_lines import cell_line
from previewer.tui.widgets.bars import Notice
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.text_block import TextBlock

MEASURED_ROWS = 100
"""The first rows, whose content decides how wide the columns are."""
TABLE_MARGIN = 3
"""The table's padding and its scroll bar."""


class BranchList(Vertical):
    """What is in the table, and why it is empty. It is drawn when it is told to."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(id="list")
        self.context = context
        self.marked: set[str] = set()
        """Names of environments."""
        self.quick = 0
        """Which of :data:`QUICK` is set."""
        self.sort = SORTS[0]
        self._state = AppState()
        self._text = ""
        self._rows: tuple[HomeRow, ...] = ()
        self._rows_of: tuple[object, ...] = ()
        self._counts = (0,) * len(QUICK)
        self._shown: dict[str, OverviewRow] = {}
        self._found_by: tuple[str, int] = ("", 0)
        self._found: tuple[HomeRow, ...] = ()
        """What the filter and the quick filter found."""

    def compose(self) -> ComposeResult:
        """The table, or why there is none."""
        yield RowsTable(name="branches")
        yield Notice(name="empty")

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @cached_property
    def user(self) -> str:
        """Who works here, as git writes authors."""
        return self.context.session.source.actor.rpartition("@")[0]

    @property
    def row(self) -> OverviewRow | None:
        """What is under the cursor."""
        return self._shown.get(self.table.selected_key or "")

    @property
    def rows_in_sight(self) -> tuple[OverviewRow, ...]:
        """Those that are scrolled to."""
        return tuple(self._shown[key] for key in self.table.keys_in_sight if key in self._shown)

    @property
    def counts(self) -> tuple[int, int]:
        """How many rows are shown, and how many there are."""
        return len(self._shown), len(self._rows)

    def draw(self, state: AppState, text: str, *, has_pane: bool) -> None:
        """Show what is known, filtered by ``text``; ``has_pane``: there is a pane that says the rest of a row."""
        self._state, self._text = state, text
        is_first_answer = bool(self._rows_of) and self._rows_of[1] is None and state.environments is not None
        stays_at_top = is_first_answer and self.table.cursor_row == 0
        self._read_rows(state)
        self._filter(text)
        width = (self.size.width or self.app.size.width) - TABLE_MARGIN
        longest = longest_cells(self._lines(row.source) for row in self._found[:MEASURED_ROWS])
        columns = fit_columns(width, longest, has_pane=has_pane)
        self.table.show_lazily(columns, tuple(self._shown), lambda key: self._lines(self._shown[key]))
        if stays_at_top:
            self.table.action_cursor_top()
        self._draw_empty(state, text)

    def draw_quick(self, bar: TextBlock, width: int) -> None:
        """The quick filters, with how many rows each shows, and the order."""
        key = self.context.key_of("sort")
        bar.put(to_content(quick_line(self._counts, self.quick, sort=self.sort, sort_key=key, width=width)))

    def unmark(self, names: Collection[str]) -> None:
        """Take these marks away."""
        self.marked.difference_update(names)

    def _draw_empty(self, state: AppState, text: str) -> None:
        empty = self.query_one("#empty", Notice)
        empty.styles.height = "auto" if self._shown else "1fr"  # the filter stays at the bottom
        lines: tuple[Line, ...] = ()
        if not self._shown:
            lines = empty_table(
                is_waiting=state.branches is None and state.source_error is None,
                filter_text=text or (QUICK[self.quick].label if self.quick else ""),
                branch_count=len(state.branches or ()),
                location=self.context.session.source.location,
            )
        empty.say(lines)

    def _read_rows(self, state: AppState) -> None:
        rows_of = (
            state.branches, state.environments, state.commits, state.named, state.view, state.attempts, self.sort,
        )  # fmt: skip
        if self._rows_of != rows_of:
            self._rows_of = rows_of
            self._rows = home_rows(state.rows, state.view, sort=self.sort)
            self._counts = tuple(
                len(filter_rows(self._rows, "", quick=n, user=self.user)) for n in range(len(QUICK))
            )
            self._found_by = ("", -1)

    def _filter(self, text: str) -> None:
        """A longer filter finds no row that a shorter one has not found."""
        before, quick = self._found_by
        if (text, self.quick) != (before, quick):
            rows = self._found if quick == self.quick and before and text.startswith(before) else self._rows
            self._found = filter_rows(rows, text, quick=self.quick, user=self.user)
            self._found_by = (text, self.quick)
            self._shown = {row.key: row.source for row in self._found}

    def _lines(self, row: OverviewRow) -> Mapping[str, Line]:
        environment = row.environment
        work = self.context.work_on(
            branch=row.branch.name if row.branch else None, environment=environment.name if environment else None
        )
        return row_lines(
            row,
            now=self.context.now(),
            is_marked=environment is not None and environment.name in self.marked,
            task=cell_line(work, self.context.monotonic()) if work else (),
            drift=self._state.drift(environment) if environment else None,
            is_stale=self._state.engine_error is not None,
            view=self._state.view,
            usage=self.context.usage_of(environment) if environment else None,
            search=self._text,
        )
