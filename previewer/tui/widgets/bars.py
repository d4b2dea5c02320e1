"""The first and the last line, and the notice between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual.events import Click, Resize

from previewer.present.values import Span, Tone
from previewer.tui.actions import BY_ID
from previewer.tui.present.text import Line, cut_line, text_of, to_content, width_of
from previewer.tui.screen_requests import RefreshRequested
from previewer.tui.widgets.text_block import TextBlock


class Notice(TextBlock):
    """Hidden until there is something to say."""

    def __init__(self, *, name: str) -> None:
        super().__init__(id=name, markup=False)
        self.display = False

    def say(self, lines: Sequence[Line]) -> None:
        """Show these lines; hide for none."""
        self.display = bool(lines)
        self.put(to_content(*lines))


_GAP = Span("  ")


class KeyBar(TextBlock):
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
        spans = [span for item in (*shown, *always) for span in (*item, _GAP)]
        self.put(to_content(tuple(spans)))

    def _item(self, name: str) -> Line:
        return (Span(self._key_of(name), Tone.ACCENT), Span(f" {BY_ID[name].label}", Tone.QUIET))


class TopBar(TextBlock):
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

    async def on_click(self, event: Click) -> None:
        """On the left: one layer out; on what the engine is: ask again."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        way = text_of(self._left).rpartition("›")[0]
        if way and offset.x < cell_len(way):
            await self.screen.run_action("screen.back")
        elif offset.x >= self.content_size.width - width_of(self._right):
            self.post_message(RefreshRequested())

    def on_resize(self, _event: Resize) -> None:
        """Keep the right part at the right."""
        self._draw()

    def _draw(self) -> None:
        width = max(0, (self.size.width or self.app.size.width) - 2)
        left = cut_line(self._left, width)
        room = width - width_of(left) - 2
        right = cut_line(self._right, room) if room > 8 else ()
        gap = " " * max(0, width - width_of(left) - width_of(right))
        self.put(to_content((*left, Span(gap), *right)))
