"""Columns and cells of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.style import Style as RichStyle
from rich.text import Text
from textual.color import Color

from previewer.present.safe_text import plain
from previewer.present.values import Tone
from previewer.tui.present.text import STYLES, Line, cut_line, width_of

CELL_PADDING = 1
"""On both sides of every cell."""


class Column(Struct, frozen=True):
    """A column of the home table."""

    key: str
    title: str
    width: int
    """In terminal cells, without padding."""
    share: int = 0
    """The share of the remaining width, in relation to the other columns' shares."""
    most: int = 0
    """No wider than this; 0 for any width."""
    align_right: bool = False


def share_out(
    columns: Sequence[Column], width: int, longest: Mapping[str, int] | None = None
) -> tuple[Column, ...]:
    """The columns, widened by their shares until they fill ``width`` cells or are as wide as they may be.

    ``longest`` says how wide the content of some columns is: no such column gets wider than that.
    """
    chosen = [_capped(column, longest or {}) for column in columns]
    left = width - sum(column.width + 2 * CELL_PADDING for column in chosen)
    while left > 0:
        growing = [c for c in chosen if c.share and (not c.most or c.width < c.most)]
        if not growing:
            break
        total = sum(column.share for column in growing)
        spare = left
        for index, column in enumerate(chosen):
            if column not in growing or left <= 0:
                continue
            room = column.most - column.width if column.most else left
            more = min(max(1, spare * column.share // total), room, left)
            left -= more
            chosen[index] = replace(column, width=column.width + more)
    return tuple(chosen)


def longest_cells(rows: Iterable[Mapping[str, Line]]) -> dict[str, int]:
    """The width of the widest cell of every column."""
    longest: dict[str, int] = {}
    for row in rows:
        for key, pieces in row.items():
            longest[key] = max(longest.get(key, 0), width_of(pieces))
    return longest


def _capped(column: Column, longest: Mapping[str, int]) -> Column:
    if column.key not in longest:
        return column
    content = max(column.width, longest[column.key])
    return replace(column, most=min(column.most, content) if column.most else content)


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
