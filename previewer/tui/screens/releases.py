"""The releases that the repository keeps: which run, which were good, what is in each, what changed between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from previewer.domain.commit.revision import short_id
from previewer.errors import PreviewerError
from previewer.operations.lists import ListedRelease
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import InspectionRead, PolicyRead, QuestionFailed, ReleasesRead
from previewer.tui.present.history import fit_release_columns, listed_release_lines
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.releases import policy_lines, release_lines
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, line
from previewer.tui.release_jobs import RELEASE_JOBS
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.widgets.bars import KeyBar, Notice, TopBar
from previewer.tui.widgets.lines import LinesView
from previewer.tui.widgets.rows_table import RowsTable

KEYS = (
    "back", "open-release", "compare-releases", "mark", "verify", "policy", "sign", "push", "pull", "audit",
    "copy", "retry", "menu",
)  # fmt: skip
ON_ONE = frozenset({"open-release", "compare-releases", "mark", "verify", "policy", "sign", "push", "copy"})


class ReleasesScreen(PreviewerScreen):
    """Newest commit first."""

    PLACE = Place.RELEASES
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._releases: dict[str, ListedRelease] | None = None
        self._error: PreviewerError | None = None
        self._marked: str | None = None
        self._works = 0
        self._open = ""
        """The action whose answer the view below shows."""

    def compose(self) -> ComposeResult:
        """Top bar, table, what is in the release, keys."""
        yield TopBar()
        yield RowsTable(name="releases")
        yield Notice(name="empty")
        yield LinesView(name="release-lines")
        yield KeyBar(self.context.key_of)

    def on_mount(self) -> None:
        """Ask."""
        super().on_mount()
        self.query_one(LinesView).display = False
        self.action_retry()

    @property
    def table(self) -> RowsTable:
        """The table."""
        return self.query_one(RowsTable)

    @property
    def listed(self) -> ListedRelease | None:
        """The one under the cursor."""
        return (self._releases or {}).get(self.table.selected_key or "")

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def paint(self) -> None:
        """Show what is known now."""
        ended = sum(not job.is_running for job in self.context.works.values())
        if ended != self._works:  # a job that ended may have made or signed some
            self._works = ended
            self.action_retry()
        title = line(Span(f"{self.context.session.project} › ", Tone.QUIET), Span("releases", Tone.STRONG))
        self.query_one(TopBar).show(title, engine_line(self.app_state, self.context.now()))
        now = self.context.now()
        rows = [
            (key, listed_release_lines(listed, now=now, is_marked=key == self._marked))
            for key, listed in (self._releases or {}).items()
        ]
        longest = longest_cells(cells for _key, cells in rows)
        self.table.show(fit_release_columns(self.width - 3, longest), rows)
        self.query_one("#empty", Notice).say(self._notice())
        self.draw_keys()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Why not, given what is under the cursor."""
        if action in ON_ONE and self.listed is None:
            return "there is no release"
        if action == "compare-releases" and len(self._releases or ()) < 2:
            return "there is no other release"
        return None

    def request(self, verb: str) -> Request | None:
        """For the release under the cursor, or for all."""
        is_of_one = verb in ON_ONE
        if is_of_one and self.listed is None:
            return None
        revision = self.listed.release.id if is_of_one and self.listed else ""
        return Request(RELEASE_JOBS[verb], self.context.session.project, revision=revision)

    def action_open_release(self) -> None:
        """Show what is in it, below; again: no longer."""
        if (listed := self._opened("open-release")) is not None:
            self.context.detail_queries.read_release(listed.release.id, self)

    def action_policy(self) -> None:
        """Show what the policy says about it, below; again: no longer."""
        if (listed := self._opened("policy")) is not None:
            release = listed.release
            self.context.detail_queries.read_policy(release.commit, tuple(release.definitions), self)

    def _opened(self, action: str) -> ListedRelease | None:
        """The release under the cursor, for the view below to show something of; ``None`` where that closes it."""
        view = self.query_one(LinesView)
        is_same, self._open = view.display and self._open == action, action
        view.display = not is_same and self.is_possible(action)
        view.show((line(Span("reading the release …", Tone.QUIET)),))
        return self.listed if view.display else None

    def action_compare_releases(self) -> None:
        """To what changed from the marked one, else from the one before."""
        if self.is_possible("compare-releases") and self.listed is not None:
            keys, key = self.table.row_keys, self.listed.release.id
            before = keys[min(keys.index(key) + 1, len(keys) - 1)]
            old = self._marked if self._marked and self._marked != key else before
            self.post_message(ScreenRequested.diff(old, key))

    def action_mark(self) -> None:
        """Compare with this one; again: no longer."""
        if self.is_possible("mark") and self.listed is not None:
            key = self.listed.release.id
            self._marked = None if self._marked == key else key
            self.draw()

    def action_copy(self) -> None:
        """Copy its id."""
        if self.is_possible("copy") and self.listed is not None:
            self.post_message(CopyRequested(self.listed.release.id))

    def action_retry(self) -> None:
        """Ask again."""
        self.context.detail_queries.read_releases(self)

    def action_back(self) -> None:
        """Close what is open, then the screen."""
        view = self.query_one(LinesView)
        if view.display:
            view.display = False
            self.table.focus()
        elif self._marked:
            self._marked = None
            self.draw()
        else:
            self.close()

    @on(ReleasesRead)
    def releases_read(self, message: ReleasesRead) -> None:
        """They are known."""
        message.stop()
        self._releases, self._error = {listed.release.id: listed for listed in message.releases}, None
        self.draw()

    @on(InspectionRead)
    def inspection_read(self, message: InspectionRead) -> None:
        """What is in the opened one is known."""
        message.stop()
        self.query_one(LinesView).show(release_lines(message.inspection, width=max(30, self.size.width - 6)))

    @on(PolicyRead)
    def policy_read(self, message: PolicyRead) -> None:
        """What the policy says about the opened one is known."""
        message.stop()
        self.query_one(LinesView).show(policy_lines(message.explanations, width=max(30, self.size.width - 6)))

    @on(QuestionFailed)
    def question_failed(self, message: QuestionFailed) -> None:
        """What was shown before stays, with the reason."""
        message.stop()
        self._error = message.error
        self.query_one(LinesView).display = False
        self.draw()

    @on(RowsTable.RowHighlighted)
    def row_changed(self) -> None:
        """What is open is of another one."""
        self.query_one(LinesView).display = False
        self.draw_keys()

    @on(RowsTable.RowSelected)
    def row_clicked(self) -> None:
        """A click on the row under the cursor opens it."""
        self.action_open_release()

    def _notice(self) -> tuple[Line, ...]:
        if self._error is not None:
            return failure_lines(self._error, details=3)
        if self._releases is None:
            return (line(Span("reading the releases …", Tone.QUIET)),)
        if not self._releases:
            key = self.context.key_of("up")
            return (line(Span(f"nothing has been frozen yet: {key} on a branch does it", Tone.QUIET)),)
        if self._marked:
            words = f" {short_id(self._marked)} is marked: compare another one with it"
            return (line(Span(self.context.key_of("compare-releases"), Tone.ACCENT), Span(words, Tone.QUIET)),)
        return ()
