"""An input of one line that appears when asked for: filters and searches."""

from __future__ import annotations

from textual.widgets import Input

from previewer.tui.present.plain import plain


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
        self.focus()

    def put_away(self) -> None:
        """Empty it and hide it."""
        self.value = ""
        self.display = False
