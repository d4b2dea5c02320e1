"""Columns of tables, and how wide they are: on the command line as their content, on a screen as there is room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.json_value import JsonValue
from previewer.present.safe_text import plain
from previewer.present.values import Span

GAP = "  "
"""What stands between two columns on the command line."""
CELL_PADDING = 1
"""On a screen, on both sides of every cell."""
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
    """A column: where its values are, what stands above it, how they are shown, and how wide it may be."""

    key: str
    """The key of the rows: snake_case, stable, what JSON readers use."""
    title: str
    width: int = 0
    """On a screen: the least terminal cells, without padding."""
    share: int = 0
    """On a screen: the share of the remaining width, in relation to the other columns' shares."""
    most: int = 0
    """On a screen: no wider than this; 0 for any width."""
    align_right: bool = False
    show: Callable[[JsonValue], Span] = show_plain
    """On the command line, which has values of JSON: one of them as a cell."""
    gives_way: bool = False
    """Whether it may be cut on a narrow terminal; those that may are cut widest first."""
    spare: int = 0
    """Where cutting is not enough, the column with the highest number is left out first; 0 always stays."""


def fit_columns(columns: Sequence[Column], widths: Sequence[int], width: int) -> dict[int, int]:
    """The columns that fit into ``width`` cells, by index, and how wide they are. ``widths`` is the content's."""
    kept, fitted = _kept_columns(columns, widths, width), list(widths)
    _narrow(columns, fitted, kept, width)
    return {index: fitted[index] for index in kept}


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


def _capped(column: Column, longest: Mapping[str, int]) -> Column:
    if column.key not in longest:
        return column
    content = max(column.width, longest[column.key])
    return replace(column, most=min(column.most, content) if column.most else content)
