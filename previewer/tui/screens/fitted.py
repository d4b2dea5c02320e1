"""A screen that is as large as the terminal is now."""

from __future__ import annotations

from textual.geometry import Size
from textual.screen import Screen, ScreenResultType


class FittedScreen(Screen[ScreenResultType]):
    """Laid out for the terminal's size, whatever an older message says.

    A screen of Textual's lays out what is behind it for the size that a message names, and each layout sends
    further messages: sizes that are out of date would go back and forth.
    """

    def _screen_resized(self, size: Size) -> None:
        del size
        super()._screen_resized(self.app.size)
