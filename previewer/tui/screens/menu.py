"""Everything that can be done where we are; what cannot be done now says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from previewer.present.values import Span, Tone
from previewer.tui.actions import BY_ID, bindings
from previewer.tui.context import AppContext
from previewer.tui.present.text import Line, hanging_indent, line, to_content
from previewer.tui.screens.dialog import Dialog
from previewer.tui.widgets.choice_list import ChoiceList

MOVEMENT = frozenset({"cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up"})
WIDEST = 96
MARGIN = 9
"""Border, padding, scroll bar and the space before an option, in cells."""
_KEY_WIDTH = 7
_LABEL_WIDTH = 12
INDENT = _KEY_WIDTH + _LABEL_WIDTH


class MenuScreen(Dialog[str | None]):
    """Dismissed with the chosen action's id, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back", "cursor-down", "cursor-up"))]

    def __init__(self, context: AppContext, items: Sequence[tuple[str, str | None]]) -> None:
        super().__init__()
        self.context = context
        self._items = [item for item in items if item[0] not in MOVEMENT | {"menu", "back"}]

    def compose(self) -> ComposeResult:
        """A title, and one option an action."""
        with Vertical(id="dialog"):
            yield Static(to_content(line(Span("Actions", Tone.STRONG))), id="question", markup=False)
            yield ChoiceList(
                *(
                    Option(
                        to_content(*hanging_indent([self._line(name, reason)], self._width, indent=INDENT)),
                        id=name,
                        disabled=reason is not None,
                    )
                    for name, reason in sorted(self._items, key=lambda item: item[1] is not None)
                ),
                markup=False,
                compact=True,
            )

    def action_cursor_down(self) -> None:
        """Next."""
        self.query_one(ChoiceList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """Previous."""
        self.query_one(ChoiceList).action_cursor_up()

    def action_back(self) -> None:
        """Nothing is done."""
        self.dismiss(None)

    def on_key(self, event: Key) -> None:
        """The keys that the menu shows do here what they do outside of it."""
        possible = (name for name, reason in self._items if reason is None)
        found = next((name for name in possible if self.context.key_of(name) == event.character), None)
        if found is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(found)

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Do it."""
        self.dismiss(event.option_id)

    @property
    def _width(self) -> int:
        return min(WIDEST, self.app.size.width - 4) - MARGIN

    def _line(self, name: str, reason: str | None) -> Line:
        action = BY_ID[name]
        key, label = f"{self.context.key_of(name):<{_KEY_WIDTH}}", f"{action.label:<{_LABEL_WIDTH}}"
        if reason is not None:
            return line(Span(f"{key}{label}{reason}", Tone.QUIET))
        return line(Span(key, Tone.ACCENT), label, Span(action.help, Tone.QUIET))
