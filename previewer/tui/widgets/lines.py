"""Lines: one to type in, and many to scroll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Input

from previewer.present.safe_text import plain
from previewer.tui.actions import bindings
from previewer.tui.present.text import Line, hanging_indent, to_content
from previewer.tui.widgets.text_block import TextBlock


class LineInput(Input):
    """The screen decides what ``escape`` and ``enter`` mean."""

    def __init__(self, *, name: str, placeholder: str = "", is_hidden: bool = True) -> None:
        super().__init__(id=name, placeholder=placeholder, compact=True, select_on_focus=False)
        self.display = not is_hidden
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """What is pasted is foreign text too: it is made plain."""
        return plain(value)

    def ask(self) -> None:
        """Appear and take the focus."""
        self.display = True
        self.screen.set_focus(self)  # at once: the next keys may be on their way already

    def catch(self, event: Key) -> None:
        """Take a letter that was typed before this had the focus, and arrives somewhere else now that it has."""
        if event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self.insert_text_at_cursor(event.character)

    def put_away(self) -> None:
        """Empty it and hide it."""
        self.value = ""
        self.display = False


class LinesView(VerticalScroll):
    """Shows lines; the place that was read stays where it is when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up"))
    ]

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name)

    def compose(self) -> ComposeResult:
        """One widget holds all of them."""
        yield TextBlock(classes="lines", markup=False)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; those that are too long go on below, under their text."""
        width = self.scrollable_content_region.width
        self.query_one(TextBlock).put(to_content(*hanging_indent(lines, width)))

    def action_cursor_down(self) -> None:
        """One line down."""
        self.scroll_down(animate=False)

    def action_cursor_up(self) -> None:
        """One line up."""
        self.scroll_up(animate=False)

    def action_cursor_top(self) -> None:
        """To the beginning."""
        self.scroll_home(animate=False)

    def action_cursor_bottom(self) -> None:
        """To the end."""
        self.scroll_end(animate=False)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self.scroll_relative(y=max(1, self.size.height // 2), animate=False)

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self.scroll_relative(y=-max(1, self.size.height // 2), animate=False)
