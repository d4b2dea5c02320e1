"""Text of which only what changed is painted again: a spinner that turns costs a row and not a screen."""

from __future__ import annotations

from typing import Self

from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static


class TextBlock(Static):
    """Lines that do not wrap, as :func:`previewer.tui.present.text.to_content` joins them."""

    _title: Content | str = ""
    _changed: tuple[Region, ...] = ()
    """What the update that is being made changes, where that is not everything."""

    def entitle(self, title: Content | str) -> None:
        """Show it in the frame: Textual paints everything whenever a title is set."""
        if title != self._title:
            self._title = title
            self.border_title = title

    def put(self, content: Content) -> None:
        """Show it in the place of what is shown. Nothing is painted where that is the same."""
        before = self.content
        if not isinstance(before, Content):
            self.update(content)
            return
        if content.is_same(before):
            return
        old, new = before.split(allow_blank=True), content.split(allow_blank=True)
        if not self._is_same_shape(old, new):
            self.update(content)
            return
        width = self.size.width
        rows = (y for y, (was, now) in enumerate(zip(old, new, strict=True)) if not now.is_same(was))
        self._changed = tuple(Region(0, y, width, 1) for y in rows)
        self.update(content, layout=False)
        self._changed = ()

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """As every widget's."""
        return super().refresh(*(regions or self._changed), repaint=repaint, layout=layout, recompose=recompose)

    def _is_same_shape(self, old: list[Content], new: list[Content]) -> bool:
        """Whether each line stays in its row, and the widget as large as it is."""
        longest = max(line.cell_length for line in (*old, *new))
        return len(old) == len(new) and longest <= self.content_size.width and not self.styles.is_auto_width
