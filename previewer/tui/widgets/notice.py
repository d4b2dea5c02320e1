"""A panel that says what is wrong and what helps; it takes no room while nothing is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Static

from previewer.tui.present.pieces import Line, to_content


class Notice(Static):
    """Hidden until there is something to say."""

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name, markup=False)
        self.display = False

    def say(self, lines: Sequence[Line]) -> None:
        """Show these lines; hide for none."""
        self.display = bool(lines)
        self.update(to_content(*lines))
