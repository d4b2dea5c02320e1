"""Cells of tables, in the colours of one theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.style import Style as RichStyle
from rich.text import Text
from textual.color import Color

from previewer.present.safe_text import plain
from previewer.present.values import Tone
from previewer.tui.present.text import STYLES, Line, cut_line, width_of


def longest_cells(rows: Iterable[Mapping[str, Line]]) -> dict[str, int]:
    """The width of the widest cell of every column."""
    longest: dict[str, int] = {}
    for row in rows:
        for key, pieces in row.items():
            longest[key] = max(longest.get(key, 0), width_of(pieces))
    return longest


class CellPainter:
    """Turns lines into table cells in the colours of one theme."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._styles = {tone: _style(style, variables) for tone, style in STYLES.items()}

    def cell(self, pieces: Line, *, width: int | None = None, align_right: bool = False) -> Text:
        """One table cell; cut to ``width`` cells if given."""
        shown = pieces if width is None else cut_line(pieces, width)
        text = Text(no_wrap=True, end="", justify="right" if align_right else "left")
        for piece in shown:
            text.append(plain(piece.text), self._styles[piece.tone])
        return text

    def style(self, tone: Tone) -> RichStyle:
        """The tone in this theme's colours."""
        return self._styles[tone]


def _style(spelling: str, variables: Mapping[str, str]) -> RichStyle:
    style = RichStyle()
    background = False
    for word in spelling.split():
        if word == "on":
            background = True
        elif word.startswith("$"):
            colour = Color.parse(variables[word[1:]]).rich_color
            style += RichStyle(bgcolor=colour) if background else RichStyle(color=colour)
        else:
            style += RichStyle.parse(word)
    return style
