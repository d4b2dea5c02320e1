"""Everything that can be done where we are; what cannot be done now says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from previewer.tui.actions import BY_ID, bindings
from previewer.tui.desk import Desk
from previewer.tui.present.pieces import Line, Piece, Tone, line, to_content

MOVEMENT = frozenset({"cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up"})
_KEY_WIDTH = 7


class MenuScreen(ModalScreen[str | None]):
    """Dismissed with the chosen action's id, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back", "cursor-down", "cursor-up"))]

    def __init__(self, desk: Desk, items: Sequence[tuple[str, str | None]]) -> None:
        super().__init__()
        self.desk = desk
        self._items = [item for item in items if item[0] not in MOVEMENT | {"menu", "back"}]

    def compose(self) -> ComposeResult:
        """A title, and one option an action."""
        with Vertical(id="dialog"):
            yield Static(to_content(line(Piece("Actions", Tone.STRONG))), id="question", markup=False)
            yield OptionList(
                *(
                    Option(to_content(self._line(name, reason)), id=name, disabled=reason is not None)
                    for name, reason in sorted(self._items, key=lambda item: item[1] is not None)
                ),
                markup=False,
                compact=True,
            )

    def action_cursor_down(self) -> None:
        """Next."""
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """Previous."""
        self.query_one(OptionList).action_cursor_up()

    def action_back(self) -> None:
        """Nothing is done."""
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Do it."""
        self.dismiss(event.option_id)

    def _line(self, name: str, reason: str | None) -> Line:
        action = BY_ID[name]
        if reason is not None:
            return line(Piece(f"{self.desk.key_of(name):<{_KEY_WIDTH}}{action.label} · {reason}", Tone.QUIET))
        key = Piece(f"{self.desk.key_of(name):<{_KEY_WIDTH}}", Tone.ACCENT)
        return line(key, f"{action.label:<12}", Piece(action.help, Tone.QUIET))
