"""Two environments side by side: what differs, worst first, and what of it is meant to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Static

from previewer.deployment.definition import new_secrecy
from previewer.domain.parity.compare import Parity
from previewer.errors import PreviewerError, UsageError
from previewer.operations.probe import Probed, probe_rules
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import ParityRead, ProbeEnded, QuestionFailed
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.parity import (
    difference_detail,
    difference_key,
    difference_row,
    fit_parity_columns,
    probe_detail,
    probe_line,
    probe_rows,
    score_lines,
    stale_detail,
    stale_key,
    stale_row,
)
from previewer.tui.present.tables import longest_cells
from previewer.tui.present.text import Line, line, to_content
from previewer.tui.screen_requests import RefreshRequested
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.pick import PickScreen, sides_to_compare
from previewer.tui.widgets.bars import KeyBar, TopBar
from previewer.tui.widgets.rows_table import RowsTable

KEYS = ("back", "probe", "choose-left", "choose-right", "swap", "retry", "menu")


class ParityScreen(PreviewerScreen):
    """Compared again whenever an environment changes."""

    PLACE = Place.PARITY
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(self, context: AppContext, left: str = "", right: str = "") -> None:
        """Empty names mean staging and production."""
        super().__init__(context)
        self._names = (left, right)
        self._parity: Parity | None = None
        self._error: PreviewerError | None = None
        self._probed: tuple[Probed, ...] | None = None
        self._is_probing = False
        self._asked_of: object = None
        self._secrecy = new_secrecy(context.session)

    def compose(self) -> ComposeResult:
        """Top bar, score, differences, detail, keys."""
        yield TopBar()
        yield Static(id="score", markup=False)
        yield RowsTable(name="differences")
        yield Static(id="difference", classes="detail", markup=False)
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
        title = line(Span(f"{project} › ", Tone.QUIET), Span("parity", Tone.STRONG), f" › {left} | {right}")
        self.query_one(TopBar).show(title, engine_line(self.app_state, self.context.now()))
        self.query_one("#score", Static).update(to_content(*self._score_lines()))
        rows = self._rows()
        longest = longest_cells(lines for _key, lines in rows)
        self.table.show(fit_parity_columns(self.size.width - 3, left, right, longest), rows)
        was_shown, self.table.display = self.table.display, bool(rows)
        if rows and not was_shown:
            self.call_after_refresh(self.table.focus)
        self._draw_detail()
        self.draw_keys()

    def theme_changed(self) -> None:
        """Cells hold colours."""
        self.table.repaint()
        self.draw()

    def disabled_reason(self, action: str) -> str | None:
        """Only what runs and has requests declared can be probed."""
        if action != "probe":
            return None
        if self._parity is None:
            return "nothing is compared yet"
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
        self._parity = message.parity
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
            self.table.action_cursor_top()

    @on(DataTable.RowHighlighted)
    def difference_chosen(self) -> None:
        """Another one is under the cursor."""
        self._draw_detail()

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
        self._parity, self._error = None, None
        self._probed, self._is_probing = None, False

    def _pick(self, title: str, index: int) -> None:
        def chosen(name: str | None) -> None:
            if name is not None:
                left, right = self.names
                self._compare((name, right) if index == 0 else (left, name))

        self.app.push_screen(PickScreen(title, sides_to_compare(self.app_state)), chosen)

    def _rows(self) -> list[tuple[str, dict[str, Line]]]:
        if self._parity is None:
            return []
        differences = self._parity.differences
        rows = [(row.key, dict(row.cells)) for row in probe_rows(self._probed or ())]
        rows += [(difference_key(d), dict(difference_row(d, self._secrecy))) for d in differences]
        return rows + [(stale_key(a), dict(stale_row(a))) for a in self._parity.stale]

    def _score_lines(self) -> tuple[Line, ...]:
        if self._error is not None:
            left, right = (self.context.key_of(name) for name in ("choose-left", "choose-right"))
            return (
                *failure_lines(self._error, details=3),
                line(Span(f"  {left} {right}", Tone.ACCENT), Span(" choose other sides", Tone.QUIET)),
            )
        if self._parity is None:
            return (line(Span("comparing …", Tone.QUIET)),)
        lines = list(score_lines(self._parity, width=self.size.width - 4))
        if self._is_probing:
            lines.append(line(Span("probe   asking both …", Tone.QUIET)))
        elif self._probed is not None:
            lines.append(probe_line(self._probed))
        return tuple(lines) if self._rows() else (*lines, line(Span("✔ nothing differs", Tone.GOOD)))

    def _draw_detail(self) -> None:
        key, width, parity = self.table.selected_key, max(30, self.size.width - 4), self._parity
        lines: tuple[Line, ...] = ()
        if parity is not None:
            answer = next((row for row in probe_rows(self._probed or ()) if row.key == key), None)
            difference = next((d for d in parity.differences if difference_key(d) == key), None)
            stale = next((a for a in parity.stale if stale_key(a) == key), None)
            if answer is not None:
                lines = probe_detail(answer, parity, width=width)
            elif difference is not None:
                lines = difference_detail(difference, parity, self._secrecy, width=width)
            elif stale is not None:
                lines = stale_detail(stale, width=width)
        detail = self.query_one("#difference", Static)
        detail.display = bool(lines)
        detail.update(to_content(*lines))
