"""A list to choose from."""

from __future__ import annotations

from textual.events import Click
from textual.widgets import OptionList


class ChoiceList(OptionList):
    """Options whose page keys wait until the list is laid out: Textual fails where it has no height yet."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything now."""
        if action in ("page_down", "page_up") and not self.scrollable_content_region.height:
            return False
        return super().check_action(action, parameters)

    async def _on_click(self, event: Click) -> None:
        """Nothing is chosen that is no longer there: the style is that of what was drawn."""
        if event.style.meta.get("option", -1) >= self.option_count:
            event.prevent_default()  # Textual calls the handlers of all classes
