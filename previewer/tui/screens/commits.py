"""A branch's commits, to bring up any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from previewer.domain.commit.revision import Commit
from previewer.domain.environment.environment import Environment
from previewer.errors import PreviewerError
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.job_kinds import BY_VERB
from previewer.tui.messages import CommitsFailed, CommitsRead
from previewer.tui.present.history import commit_lines, fit_commit_columns
from previewer.tui.present.notices import failure_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, line
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.bars import KeyBar, Notice, TopBar
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.rows_table import RowsTable

KEYS = ("back", "up", "copy", "filter", "menu")


class CommitsScreen(PreviewerScreen):
    """The newest commits of one branch."""

    PLACE = Place.COMMITS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back", "up", "copy", "filter", "menu", "open"))]

    def __init__(self, context: AppContext, branch: str) -> None:
        super().__init__(context)
        self.branch_name = branch
        self._commits: tuple[Commit, ...] | None = None
        self._error: PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Top bar, table, filter, keys."""
        yield TopBar()
        yield RowsTable(name="commits")
        yield Notice(name="empty")
        yield LineInput(name="filter", placeholder="subject, author, id … · enter keeps it, esc clears it")
        yield KeyBar(self.context.key_of)

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @property
    def filter(self) -> LineInput:
        """The filter."""
        return self.query_one("#filter", LineInput)

    @property
    def commit(self) -> Commit | None:
        """The one under the cursor."""
        key = self.table.selected_key
        return next((commit for commit in self._commits or () if commit.id == key), None)

    def on_mount(self) -> None:
        """Ask git."""
        super().on_mount()
        self.context.queries.read_commits(self.branch_name, self)
        self.table.focus()

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def paint(self) -> None:
        """Show what is known now."""
        project = self.context.session.project
        left = line(Span(f"{project} › ", Tone.QUIET), Span(self.branch_name, Tone.STRONG), " › commits")
        count = f"the newest {len(self._commits)}" if self._commits else ""
        self.query_one(TopBar).show(left, line(Span(count, Tone.QUIET)))
        rows = [(commit.id, self._lines(commit)) for commit in self._matching()]
        longest = longest_cells(lines for _key, lines in rows)
        self.table.show(fit_commit_columns(self.size.width - 3, longest), rows)
        self.table.display = bool(rows)
        self.query_one("#empty", Notice).say(() if rows else self._empty_lines())
        self.draw_keys()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given the commit under the cursor."""
        if action in ("up", "copy", "open") and self.commit is None:
            return "nothing is selected"
        error = self.app_state.engine_error
        return error.message if action == "up" and error is not None else None

    def action_open(self) -> None:
        """Into the environment that runs this commit; else ask to bring it up."""
        environment = self._environment_of(self.commit) if self.commit else None
        if environment is not None:
            self.post_message(ScreenRequested.environment(environment.name))
        else:
            self.action_job("up")

    def request(self, verb: str) -> Request | None:
        """Bring up an environment of this very commit."""
        commit, kind = self.commit, BY_VERB[verb]
        return Request(kind, self.context.session.project, revision=commit.id) if commit else None

    def action_copy(self) -> None:
        """Copy the commit's id."""
        if self.is_possible("copy") and self.commit is not None:
            self.post_message(CopyRequested(self.commit.id))

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter.ask()

    def action_back(self) -> None:
        """Clear the filter; else back to the branches."""
        if self.filter.display or self.filter.value:
            self.filter.put_away()
            self.table.focus()
        else:
            self.close()

    @on(Input.Changed, "#filter")
    def filter_typed(self) -> None:
        """Filter while the user types."""
        self.draw()

    @on(Input.Submitted, "#filter")
    def filter_kept(self) -> None:
        """Back to the table."""
        self.filter.display = bool(self.filter.value)
        self.table.focus()

    @on(RowsTable.RowSelected)
    def row_clicked(self) -> None:
        """A click on the row under the cursor."""
        self.action_open()

    @on(CommitsRead)
    def commits_read(self, message: CommitsRead) -> None:
        """Git answered."""
        self._commits, self._error = message.commits, None
        self.draw()
        self.table.focus()

    @on(CommitsFailed)
    def commits_failed(self, message: CommitsFailed) -> None:
        """Git could not answer."""
        self._error = message.error
        self.draw()

    def _matching(self) -> list[Commit]:
        words = self.filter.value.casefold().split()
        return [
            commit
            for commit in self._commits or ()
            if all(word in f"{commit.id} {commit.author} {commit.subject}".casefold() for word in words)
        ]

    def _lines(self, commit: Commit) -> Mapping[str, Line]:
        return commit_lines(commit, self._environment_of(commit), now=self.context.now())

    def _environment_of(self, commit: Commit) -> Environment | None:
        found = (e for e in self.app_state.environments or () if e.ownership.commit == commit.id)
        return next(found, None)

    def _empty_lines(self) -> tuple[Line, ...]:
        if self._error is not None:
            return failure_lines(self._error)
        if self._commits is None:
            return (line(Span("reading commits …", Tone.QUIET)),)
        return (line(Span(f"no commit contains “{self.filter.value}”: esc clears the filter", Tone.QUIET)),)
