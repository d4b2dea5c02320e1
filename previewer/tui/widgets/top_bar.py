"""The first line: where we are on the left, facts about the engine and the repository on the right."""

from __future__ import annotations

from textual.events import Resize
from textual.widgets import Static

from previewer.tui.present.pieces import Line, Piece, cut_line, to_content, width_of


class TopBar(Static):
    """One line. The right part gives way where both do not fit."""

    def __init__(self) -> None:
        super().__init__(id="top", markup=False)
        self._left: Line = ()
        self._right: Line = ()

    def show(self, left: Line, right: Line = ()) -> None:
        """Show these two."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Keep the right part at the right."""
        self._draw()

    def _draw(self) -> None:
        width = max(0, (self.size.width or self.app.size.width) - 2)
        left = cut_line(self._left, width)
        room = width - width_of(left) - 2
        right = cut_line(self._right, room) if room > 8 else ()
        gap = " " * max(0, width - width_of(left) - width_of(right))
        self.update(to_content((*left, Piece(gap), *right)))
