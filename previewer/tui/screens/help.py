"""All actions with their keys, searchable."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from previewer.tui.actions import Place, bindings
from previewer.tui.context import AppContext
from previewer.tui.present.help_lines import help_lines
from previewer.tui.present.text import to_content
from previewer.tui.screens.dialog import Dialog
from previewer.tui.widgets.lines import LineInput
from previewer.tui.widgets.text_block import TextBlock


class HelpScreen(Dialog[None]):
    """Those of the place where help was asked for come first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(("back",))]

    def __init__(self, context: AppContext, place: Place) -> None:
        super().__init__()
        self.context = context
        self.place = place

    def compose(self) -> ComposeResult:
        """Search, list."""
        with Vertical(id="dialog"):
            yield LineInput(
                name="help-search", placeholder="search keys and actions · esc closes", is_hidden=False
            )
            with VerticalScroll(id="help-list"):
                yield TextBlock(id="help-lines", markup=False)

    def opened(self) -> None:
        """Everything, to begin with."""
        self.query_one(Input).focus()
        self.draw("")

    def action_back(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Input.Changed)
    def search_typed(self, event: Input.Changed) -> None:
        """Search while the user types."""
        self.draw(event.value)

    @on(Input.Submitted)
    def search_done(self) -> None:
        """The list can be scrolled then."""
        self.query_one("#help-list").focus()

    def draw(self, search: str) -> None:
        """Show what matches."""
        width = max(30, min(100, self.app.size.width - 4) - 8)
        lines = help_lines(search, place=self.place, key_of=self.context.keys_of, width=width)
        self.query_one("#help-lines", TextBlock).put(to_content(*lines))
        self.query_one("#help-list").scroll_home(animate=False)
