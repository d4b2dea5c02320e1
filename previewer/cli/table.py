"""Rows of JSON as aligned plain text. A cell is a function of one JSON value, so table and JSON always agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from previewer.cli.terminal import paint
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.present.safe_text import cell_width, cut, plain
from previewer.present.values import Span, Tone

GAP = "  "
ABSENT = "-"
"""What an empty cell shows, so that columns can be counted by ``awk``."""
NARROWEST = 12
"""Cells that a column keeps however narrow the terminal is."""


def show_plain(value: JsonValue) -> Span:
    """A value as it is: a list as its items with commas, nothing as ``-``."""
    if isinstance(value, bool):
        return Span("yes" if value else "no")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Span(", ".join(plain(str(item)) for item in value) or ABSENT)
    return Span(ABSENT if value in (None, "") else plain(str(value)))


class Column(Struct, frozen=True):
    """One column: where its values are, what stands above it, how they are shown."""

    key: str
    """The key of the rows: snake_case, stable, what JSON readers use."""
    title: str
    show: Callable[[JsonValue], Span] = show_plain
    gives_way: bool = False
    """Whether it may be cut on a narrow terminal; those that may are cut widest first."""
    spare: int = 0
    """Where cutting is not enough, the column with the highest number is left out first; 0 always stays."""


def render_table(
    columns: Sequence[Column], rows: Sequence[JsonObject], *, colour: bool, width: int | None
) -> tuple[str, ...]:
    """The lines of a table; none without rows. ``width`` in cells is only given for a terminal."""
    if not rows:
        return ()
    header = tuple(Span(column.title, Tone.STRONG) for column in columns)
    cells = [header, *(tuple(column.show(row.get(column.key)) for column in columns) for row in rows)]
    widths = [max(cell_width(line[index].text) for line in cells) for index in range(len(columns))]
    kept = list(range(len(columns)))
    if width is not None:
        kept = _kept_columns(columns, widths, width)
        _narrow(columns, widths, kept, width)
    return tuple(_render_line([line[i] for i in kept], [widths[i] for i in kept], colour=colour) for line in cells)


def _kept_columns(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Which columns fit once all that give way have, the spare ones left out as far as needed."""
    least = [min(w, NARROWEST) if c.gives_way else w for c, w in zip(columns, widths, strict=True)]
    kept = list(range(len(columns)))
    while _line_width(least, kept) > width:
        spare = max(kept, key=lambda index: columns[index].spare)
        if columns[spare].spare == 0:
            break
        kept.remove(spare)
    return kept


def _narrow(columns: Sequence[Column], widths: list[int], kept: Sequence[int], width: int) -> None:
    """Take cells from the widest column that gives way until the line fits; then from any."""
    for candidates in ([i for i in kept if columns[i].gives_way], kept):
        while _line_width(widths, kept) > width:
            able = [i for i in candidates if widths[i] > NARROWEST]
            if not able:
                break
            widths[max(able, key=widths.__getitem__)] -= 1


def _line_width(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + len(GAP) * (len(kept) - 1)


def _render_line(cells: Sequence[Span], widths: Sequence[int], *, colour: bool) -> str:
    parts = []
    for cell, width in zip(cells, widths, strict=True):
        text = cut(cell.text, width)
        parts.append(paint(text, cell.tone, colour=colour) + " " * (width - cell_width(text)))
    return GAP.join(parts).rstrip()
