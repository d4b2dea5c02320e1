"""Lines as cells of a table, which takes Rich's text and so needs colours instead of their names."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from rich.text import Text
from textual.color import Color

from previewer.present.safe_text import plain
from previewer.tui.present.pieces import Line, Tone, cut_line


class CellPainter:
    """Turns lines into table cells in the colours of one theme."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._styles = {tone: _style(tone.value, variables) for tone in Tone}

    def cell(self, pieces: Line, *, width: int | None = None, align_right: bool = False) -> Text:
        """One table cell; cut to ``width`` cells if given."""
        shown = pieces if width is None else cut_line(pieces, width)
        text = Text(no_wrap=True, end="", justify="right" if align_right else "left")
        for piece in shown:
            text.append(plain(piece.text), self._styles[piece.tone])
        return text

    def style(self, tone: Tone) -> Style:
        """The tone in this theme's colours."""
        return self._styles[tone]


def _style(spelling: str, variables: Mapping[str, str]) -> Style:
    style = Style()
    background = False
    for word in spelling.split():
        if word == "on":
            background = True
        elif word.startswith("$"):
            colour = Color.parse(variables[word[1:]]).rich_color
            style += Style(bgcolor=colour) if background else Style(color=colour)
        else:
            style += Style.parse(word)
    return style
