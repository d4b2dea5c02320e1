"""Lines that are scrolled with the keys that tables have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from previewer.tui.actions import bindings
from previewer.tui.present.hanging import hanging
from previewer.tui.present.pieces import Line, to_content


class LinesView(VerticalScroll):
    """Shows lines; the place that was read stays where it is when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(("cursor-down", "cursor-up", "cursor-top", "cursor-bottom", "half-page-down", "half-page-up"))
    ]

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name)

    def compose(self) -> ComposeResult:
        """One widget holds all of them."""
        yield Static(classes="lines", markup=False)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these; those that are too long go on below, under their text."""
        width = self.scrollable_content_region.width
        self.query_one(Static).update(to_content(*hanging(lines, width)))

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
