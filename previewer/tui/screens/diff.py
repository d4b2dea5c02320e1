"""What changed from one release to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from previewer.domain.commit.revision import short_id
from previewer.errors import PreviewerError
from previewer.operations.diff import Difference
from previewer.present.values import Span, Tone
from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.detail_queries import DifferenceRead, QuestionFailed
from previewer.tui.present.notices import engine_line, failure_lines
from previewer.tui.present.releases import difference_lines
from previewer.tui.present.text import Line, line
from previewer.tui.screens.base import PreviewerScreen
from previewer.tui.screens.pick import PickScreen, releases_to_compare
from previewer.tui.widgets.bars import KeyBar, TopBar
from previewer.tui.widgets.lines import LinesView

KEYS = ("back", "choose-old", "choose-new", "swap", "retry", "menu")


class DiffScreen(PreviewerScreen):
    """Each side is a release, a revision that was frozen, or an environment."""

    PLACE = Place.DIFF
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(self, context: AppContext, old: str, new: str) -> None:
        super().__init__(context)
        self._names = (old, new)
        self._answer: Difference | PreviewerError | None = None

    def compose(self) -> ComposeResult:
        """Top bar, lines, keys."""
        yield TopBar()
        yield LinesView(name="difference-lines")
        yield KeyBar(self.context.key_of)

    def on_mount(self) -> None:
        """Ask."""
        super().on_mount()
        self._compare(self._names)
        self.query_one(LinesView).focus()

    @property
    def keys(self) -> Sequence[str]:
        """The actions of the key bar."""
        return KEYS

    def paint(self) -> None:
        """Show what is known now."""
        project = self.context.session.project
        old, new = self._names
        title = line(
            Span(f"{project} › ", Tone.QUIET), Span("diff", Tone.STRONG), f" › {_short(old)} → {_short(new)}"
        )
        self.query_one(TopBar).show(title, engine_line(self.app_state, self.context.now()))
        self.query_one(LinesView).show(self._lines(max(30, self.size.width - 6)))
        self.draw_keys()

    def action_choose_old(self) -> None:
        """Another one to start from."""
        self._pick("From which release?", 0)

    def action_choose_new(self) -> None:
        """Another one to end at."""
        self._pick("To which release?", 1)

    def action_swap(self) -> None:
        """Look at it from the other side."""
        old, new = self._names
        self._compare((new, old))

    def action_retry(self) -> None:
        """Ask again."""
        self._compare(self._names)

    @on(DifferenceRead)
    def difference_read(self, message: DifferenceRead) -> None:
        """It is known."""
        message.stop()
        self._answer = message.difference
        self.draw()

    @on(QuestionFailed)
    def difference_failed(self, message: QuestionFailed) -> None:
        """One of them is not there, say."""
        message.stop()
        self._answer = message.error
        self.draw()

    def _compare(self, names: tuple[str, str]) -> None:
        self._names, self._answer = names, None
        self.context.detail_queries.read_difference(*names, self)
        self.draw()

    def _pick(self, title: str, index: int) -> None:
        def chosen(name: str | None) -> None:
            if name is not None:
                old, new = self._names
                self._compare((name, new) if index == 0 else (old, name))

        self.app.push_screen(PickScreen(title, releases_to_compare(self.app_state)), chosen)

    def _lines(self, width: int) -> tuple[Line, ...]:
        if isinstance(self._answer, PreviewerError):
            keys = f"  {self.context.key_of('choose-old')} {self.context.key_of('choose-new')}"
            other = line(Span(keys, Tone.ACCENT), Span(" choose other releases", Tone.QUIET))
            return (*failure_lines(self._answer), other)
        if self._answer is None:
            return (line(Span("comparing …", Tone.QUIET)),)
        ids = f"releases {short_id(self._answer.old.id)} → {short_id(self._answer.new.id)}"
        return (line(Span(ids, Tone.QUIET)), (), *difference_lines(self._answer, width=width))


def _short(name: str) -> str:
    return short_id(name) if name.startswith("sha256:") else name
