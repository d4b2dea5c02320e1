"""An input of one line that appears when asked for: filters and searches."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input

from previewer.present.safe_text import plain


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
