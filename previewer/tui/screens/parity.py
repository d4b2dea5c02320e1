"""Two environments side by side: what differs, worst first, and what of it is meant to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from previewer.deployment.definition import new_secrecy
from previewer.domain.commit.revision import short_id
from previewer.domain.environment.environment import OverviewRow
from previewer.domain.parity.compare import Parity
from previewer.domain.parity.difference import ParityDifference
from previewer.errors import PreviewerError, UsageError
from previewer.operations.declare import entry_text
from previewer.operations.parity import Distance
from previewer.operations.probe import Probed, answers_of, probe_rules
from previewer.present.parity_report import parity_document
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import DeclarationMade, ParityRead, ProbeEnded, QuestionFailed
from previewer.tui.job_kinds import BY_VERB
from previewer.tui.messages import FileSaved
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.parity import is_beyond, probe_line, row_detail, score_lines, short_side
from previewer.tui.present.parity_rows import ParityRow, fit_parity_columns, parity_rows, probe_rows
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, line, to_content
from previewer.tui.reasons import disabled_reason_on_row
from previewer.tui.request import Request
from previewer.tui.screen_requests import CopyRequested, RefreshRequested, ScreenRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.declaring import Way, ask_how_to_declare
from previewer.tui.screens.pick import PickScreen, files_to_export, sides_to_compare
from previewer.tui.widgets.bars import KeyBar, TopBar
from previewer.tui.widgets.parity_sides import ParitySides
from previewer.tui.widgets.rows_table import RowsTable
from previewer.tui.widgets.text_block import TextBlock

KEYS = (
    "back", "next-difference", "fold", "promote", "declare", "show-same", "diff", "probe", "export",
    "swap", "choose-left", "choose-right", "retry", "previous-difference", "jobs", "menu",
)  # fmt: skip


class ParityScreen(PreviewerScreen):
    """Compared again whenever an environment changes."""

    PLACE = Place.PARITY
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(self, context: AppContext, left: str = "", right: str = "") -> None:
        """Empty names mean staging and production."""
        super().__init__(context)
        self._names = (left, right)
        self._parity: Parity | None = None
        self._distance: Distance | None = None
        self._error: PreviewerError | None = None
        self._probed: tuple[Probed, ...] | None = None
        self._is_probing = False
        self._toggled: set[str] = set()
        """The keys of the groups that the user folded or unfolded."""
        self._shows_same = False
        self._shown: tuple[ParityRow, ...] = ()
        self._asked_of: object = None
        self._secrecy = new_secrecy(context.session)

    def compose(self) -> ComposeResult:
        """Top bar, the two sides, score, differences, detail, keys."""
        yield TopBar()
        yield ParitySides(self.context)
        yield TextBlock(id="score", markup=False)
        yield RowsTable(name="differences")
        yield TextBlock(id="difference", classes="detail", markup=False)
        yield KeyBar(self.context.key_of)

    @property
    def table(self) -> RowsTable:
        """The differences."""
        return self.query_one(RowsTable)

    @property
    def names(self) -> tuple[str, str]:
        """The sides, for people."""
        if self._parity is not None and self._error is None:
            return self._parity.left.name, self._parity.right.name
        return self._names[0] or "staging", self._names[1] or "production"

    def on_mount(self) -> None:
        """Compare."""
        super().on_mount()
        self.table.focus()

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def paint(self) -> None:
        """Show what is known now; ask again if an environment is another by now."""
        self._ask_again()
        left, right = self.names
        project = self.context.session.project
        left, right = short_side(left, project), short_side(right, project)
        title = line(Span(f"{project} › ", Tone.QUIET), Span("parity", Tone.STRONG), f" › {left} | {right}")
        self.query_one(TopBar).show(title, engine_line(self.app_state, self.context.now()))
        self._shown = self._rows()
        rows = [(row.key, row.cells) for row in self._shown]
        longest = longest_cells(row.cells for row in self._shown)
        columns = fit_parity_columns(self.size.width - 3, left, right, longest)
        known = self._parity if self._error is None else None
        self.query_one(ParitySides).show(known, self._distance, self.app_state, columns)
        self.query_one("#score", TextBlock).put(to_content(*self._score_lines()))
        had_rows = bool(self.table.row_keys)
        self.table.show(columns, rows)
        if rows and not had_rows:
            self.call_after_refresh(self.table.focus)
            self.call_after_refresh(self._jump, 1)
        self._draw_detail()
        self.draw_keys()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Only what runs and has requests declared can be probed, only a difference declared."""
        if action == "declare":
            about = self._difference
            return None if about is not None and not about.is_declared else "choose an undeclared difference first"
        if action == "promote":
            return disabled_reason_on_row("promote", self._promotable, self.app_state)
        if action not in ("export", "diff", "show-same", "probe"):
            return None
        if self._parity is None:
            return "nothing is compared yet"
        if action == "diff" and not (self._parity.left.release and self._parity.right.release):
            return "only what was frozen can be compared so"
        if action != "probe":
            return None
        try:
            probe_rules(self._parity.left, self._parity.right)
        except UsageError as error:
            return f"{error.where}: {error.message}"
        return None

    def action_probe(self) -> None:
        """Ask both."""
        if self.is_possible("probe") and self._parity is not None and not self._is_probing:
            self._is_probing = True
            self.context.detail_queries.probe(self._parity, self)
            self.draw()

    def request(self, verb: str) -> Request | None:
        """Promote what runs on the left: to what the right side is for, where that is staging or production."""
        row = self._promotable
        if row is None or row.environment is None or self._parity is None:
            return None
        request = Request(BY_VERB[verb], self.context.session.project, (row.environment,))
        roles = [getattr(choice.option, "to", None) for choice in request.choices]
        right = self._parity.right.role
        return request.choosing(roles.index(right)) if right in roles else request

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor; of a difference, show all that it is about."""
        row = self._row
        if row is not None and row.is_folded is not None:
            self._toggled ^= {row.key}
            self.draw()
        elif self._difference is not None and is_beyond(self._difference):
            self.action_diff()

    def action_show_same(self) -> None:
        """Show what both have alike, or hide it."""
        if self.is_possible("show-same"):
            self._shows_same = not self._shows_same
            self.draw()

    def action_diff(self) -> None:
        """To commits, files, images and packages in between."""
        if self.is_possible("diff") and self._parity is not None:
            self.post_message(ScreenRequested.diff(self._parity.left.release, self._parity.right.release))

    def action_next_difference(self) -> None:
        """To the next one, beginning again at the end."""
        self._jump(1)

    def action_previous_difference(self) -> None:
        """To the one before."""
        self._jump(-1)

    def action_declare(self) -> None:
        """Ask why it is meant, and what is to be done with the entry."""
        parity, difference = self._parity, self._difference
        if self.is_possible("declare") and parity is not None and difference is not None:
            ask_how_to_declare(self.app, parity, difference, partial(self._declare, parity, difference))

    def _declare(self, parity: Parity, difference: ParityDifference, reason: str, way: Way) -> None:
        if way is Way.ENTRY:
            self.post_message(CopyRequested(entry_text(parity, difference, reason)))
        else:
            queries = self.context.detail_queries
            queries.declare(parity, difference, reason, self, commits=way is Way.COMMIT)

    @on(DeclarationMade)
    def declaration_made(self, message: DeclarationMade) -> None:
        """The patch is there, or the commit."""
        message.stop()
        made = message.declaration
        if message.error is not None or made is None:
            self.tell(str(message.error), title="it could not be declared", severity="error")
        elif message.commit:
            said = f"merged, it counts from the next deployment of {made.file} on"
            self.tell(said, title=f"{short_id(message.commit)[:7]} on {made.branch}")
            self.post_message(RefreshRequested())
        else:
            self.post_message(CopyRequested(made.patch))

    def action_export(self) -> None:
        """Write the comparison to a file in the current folder."""
        parity = self._parity
        if not self.is_possible("export") or parity is None:
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                text = parity_document(name, parity, answers_of(self._probed or ()), self._secrecy)
                self.context.queries.save(Path(name).absolute(), text, self)

        self.app.push_screen(PickScreen("Save the comparison as", files_to_export(self.names)), chosen)

    @on(FileSaved)
    def file_saved(self, message: FileSaved) -> None:
        """It is saved, or not."""
        if message.error is not None:
            self.tell(str(message.error), title="it could not be saved", severity="error")
        else:
            self.tell(message.path, title="comparison saved")

    @on(RowsTable.RowSelected)
    def row_entered(self) -> None:
        """Enter or a click on the head of a group."""
        self.action_fold()

    def action_choose_left(self) -> None:
        """Another left side."""
        self._pick("What is to stand on the left?", 0)

    def action_choose_right(self) -> None:
        """Another right side."""
        self._pick("What is to stand on the right?", 1)

    def action_swap(self) -> None:
        """Exchange the sides."""
        left, right = self.names
        self._compare((right, left))

    def action_retry(self) -> None:
        """Compare again."""
        self._asked_of = None
        self.post_message(RefreshRequested())
        self.draw()

    @on(ParityRead)
    def parity_read(self, message: ParityRead) -> None:
        """They were compared."""
        message.stop()
        self._forget()
        self._parity, self._distance = message.parity, message.distance
        self.draw()

    @on(QuestionFailed)
    def parity_failed(self, message: QuestionFailed) -> None:
        """They cannot be."""
        message.stop()
        self._forget()
        self._error = message.error
        self.draw()

    @on(ProbeEnded)
    def probe_ended(self, message: ProbeEnded) -> None:
        """Both have answered. What was asked of other sides, or of these before, is out of date."""
        message.stop()
        if message.parity is not self._parity:
            return
        self._is_probing, self._probed = False, None if message.error else message.probed
        if message.error is not None:
            self.tell(str(message.error), title="they could not be probed", severity="error")
        self.draw()
        if probe_rows(message.probed):
            self.table.move_cursor(1)  # below the head of the answers

    @on(RowsTable.RowHighlighted)
    def difference_chosen(self) -> None:
        """Another one is under the cursor, and other keys matter."""
        self._draw_detail()
        self.draw_keys()

    def _ask_again(self) -> None:
        environments = self.app_state.environments or ()
        state = (self._names, tuple((e.name, e.ownership.release, len(e.services)) for e in environments))
        if state != self._asked_of:
            self._asked_of = state
            self.context.detail_queries.compare(*self._names, self)

    def _compare(self, names: tuple[str, str]) -> None:
        self._names = names
        self._forget()
        self.draw()

    def _forget(self) -> None:
        """Whatever is known of the sides."""
        self._parity, self._distance, self._error = None, None, None
        self._probed, self._is_probing = None, False

    def _pick(self, title: str, index: int) -> None:
        def chosen(name: str | None) -> None:
            if name is not None:
                left, right = self.names
                self._compare((name, right) if index == 0 else (left, name))

        self.app.push_screen(PickScreen(title, sides_to_compare(self.app_state)), chosen)

    @property
    def _row(self) -> ParityRow | None:
        key = self.table.selected_key
        return next((row for row in self._shown if row.key == key), None)

    @property
    def _difference(self) -> ParityDifference | None:
        about = self._row.about if self._row else None
        return about if isinstance(about, ParityDifference) else None

    @property
    def _promotable(self) -> OverviewRow | None:
        environment = self.app_state.environment(self._parity.left.name) if self._parity else None
        return OverviewRow(None, environment) if environment is not None else None

    def _jump(self, step: int) -> None:
        places = [number for number, row in enumerate(self._shown) if row.is_stop]
        if places and self.is_drawable:  # it may have been closed since this was asked for
            at = self.table.cursor_row
            after = [place for place in places if (place > at if step > 0 else place < at)]
            target = (after[0] if step > 0 else after[-1]) if after else places[0 if step > 0 else -1]
            self.table.move_cursor(target)

    def _rows(self) -> tuple[ParityRow, ...]:
        if self._parity is None:
            return ()
        return parity_rows(
            self._parity,
            self._secrecy,
            toggled=self._toggled,
            asked=probe_rows(self._probed or ()),
            shows_same=self._shows_same,
            same_key=self.context.key_of("show-same"),
        )

    def _score_lines(self) -> tuple[Line, ...]:
        if self._error is not None:
            left, right = (self.context.key_of(name) for name in ("choose-left", "choose-right"))
            return (
                *failure_lines(self._error, details=3),
                line(Span(f"  {left} {right}", Tone.ACCENT), Span(" choose other sides", Tone.QUIET)),
            )
        if self._parity is None:
            return (line(Span("comparing …", Tone.QUIET)),)
        has_sides = self.query_one(ParitySides).display
        project, width = self.context.session.project, self.size.width - 4
        lines = list(score_lines(self._parity, project, width=width, with_age=not has_sides))
        if self._is_probing:
            lines.append(line(Span("probe   asking both …", Tone.QUIET)))
        elif self._probed is not None:
            lines.append(probe_line(self._probed))
        differs = self._parity.differences or self._parity.stale or probe_rows(self._probed or ())
        return tuple(lines) if differs else (*lines, line(Span("✔ nothing differs", Tone.GOOD)))

    def _draw_detail(self) -> None:
        row, parity, width = self._row, self._parity, max(30, self.size.width - 4)
        key_of = self.context.key_of
        lines = row_detail(row, parity, self._secrecy, width=width, key_of=key_of) if row and parity else ()
        detail = self.query_one("#difference", TextBlock)
        detail.display = bool(lines)
        detail.put(to_content(*lines))
