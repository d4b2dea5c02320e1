"""What all dialogs share: each is closed once, and only while it is in front."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType]):
    """A question or a list in front of a screen, closed with a result."""

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it. Keys typed before the terminal shows that it is closed, or covered, are answered with nothing.

        Textual closes whatever is in front, twice where it is told twice.
        """
        return super().dismiss(result) if self.is_active else AwaitComplete()
