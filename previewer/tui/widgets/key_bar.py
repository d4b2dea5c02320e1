"""The last line: the keys that matter now, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import Resize
from textual.widgets import Static

from previewer.tui.actions import BY_ID
from previewer.tui.present.pieces import Line, Piece, Tone, to_content, width_of

_GAP = Piece("  ")


class KeyBar(Static):
    """Shows actions by their ids, most important first; those that lead to all others are always there."""

    ALWAYS = ("menu", "help", "leave")

    def __init__(self, key_of: Callable[[str], str]) -> None:
        super().__init__(id="keys", markup=False)
        self._key_of = key_of
        self._ids: tuple[str, ...] = ()
        self._always: tuple[str, ...] = ()

    def show_actions(self, ids: Sequence[str], *, is_typing: bool = False) -> None:
        """Show these, if they are not what is shown already.

        While ``is_typing`` into a line every other key is a letter.
        """
        always = () if is_typing else tuple(name for name in self.ALWAYS if name != "menu" or name in ids)
        if (tuple(ids), always) != (self._ids, self._always):
            self._ids, self._always = tuple(ids), always
            self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Another width holds another number of keys."""
        self._draw()

    def _draw(self) -> None:
        always = [self._item(name) for name in self._always]
        room = (
            (self.size.width or self.app.size.width) - 2 - sum(width_of(item) + len(_GAP.text) for item in always)
        )
        shown: list[Line] = []
        for name in (name for name in self._ids if name not in self.ALWAYS):
            item = self._item(name)
            needed = width_of(item) + len(_GAP.text)
            if needed > room:
                break
            room -= needed
            shown.append(item)
        pieces = [piece for item in (*shown, *always) for piece in (*item, _GAP)]
        self.update(to_content(tuple(pieces)))

    def _item(self, name: str) -> Line:
        return (Piece(self._key_of(name), Tone.ACCENT), Piece(f" {BY_ID[name].label}", Tone.QUIET))
