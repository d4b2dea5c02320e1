"""What all dialogs share: each is closed once, and only while it is in front."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType

from previewer.tui.screens.fitted import FittedScreen


class Dialog(ModalScreen[ScreenResultType], FittedScreen[ScreenResultType]):
    """A question or a list in front of a screen, closed with a result."""

    def on_mount(self) -> None:
        """Begin, unless it goes already: a program that ends takes the widgets first."""
        if self.children:
            self.opened()

    def opened(self) -> None:
        """Its widgets are there."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it. Keys typed before the terminal shows that it is closed, or covered, are answered with nothing.

        Textual closes whatever is in front, twice where it is told twice.
        """
        return super().dismiss(result) if self.is_active else AwaitComplete()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now: before it is laid out, and once it goes, it has no widgets."""
        return super().check_action(action, parameters) if self.is_mounted and self.children else False
