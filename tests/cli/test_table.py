"""Tables are aligned, and cut only for a terminal."""

from __future__ import annotations

import pytest

from previewer.cli.output import render_table
from previewer.domain.json_value import JsonObject, JsonValue
from previewer.present.safe_text import cell_width
from previewer.present.tables import Column, show_plain
from previewer.present.values import Span, Tone

COLUMNS = (
    Column("name", "NAME", gives_way=True),
    Column("count", "COUNT"),
    Column("subject", "SUBJECT", gives_way=True),
)
ROWS: tuple[JsonObject, ...] = (
    {"name": "main", "count": 1, "subject": "first"},
    {"name": "日本", "count": None, "subject": "a subject that is rather long, as subjects tend to be"},
)


def test_columns_are_aligned_by_cells_and_never_cut_in_a_pipe() -> None:
    assert render_table(COLUMNS, ROWS, colour=False, width=None) == (
        "NAME  COUNT  SUBJECT",
        "main  1      first",
        "日本  -      a subject that is rather long, as subjects tend to be",
    )


def test_no_rows_no_header() -> None:
    assert render_table(COLUMNS, (), colour=False, width=None) == ()


@pytest.mark.parametrize("width", [30, 40, 60])
def test_on_a_terminal_the_widest_column_gives_way(width: int) -> None:
    lines = render_table(COLUMNS, ROWS, colour=False, width=width)
    assert all(cell_width(line) <= width for line in lines)
    assert lines[1] == "main  1      first"
    assert lines[2].startswith("日本  -      a su")
    assert lines[2].endswith("…")


@pytest.mark.parametrize(
    ("width", "titles"), [(None, "A B C D"), (40, "A B C D"), (30, "A B D"), (20, "A D"), (5, "A D")]
)
def test_spare_columns_are_left_out_on_a_narrow_terminal(width: int | None, titles: str) -> None:
    columns = (Column("a", "A"), Column("b", "B", spare=1), Column("c", "C", spare=2), Column("d", "D"))
    row: JsonObject = dict.fromkeys("abcd", "x" * 8)
    lines = render_table(columns, [row], colour=False, width=width)
    assert lines[0].split() == titles.split()


def test_colour_does_not_move_columns() -> None:
    columns = (Column("state", "STATE", show=lambda value: Span(str(value), Tone.GOOD)), Column("url", "URL"))
    lines = render_table(columns, [{"state": "up", "url": "x"}], colour=True, width=None)
    assert lines[1] == "\x1b[32mup\x1b[0m     x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        (False, "no"),
        (True, "yes"),
        ([], "-"),
        (["a", 1], "a, 1"),
        ("\x1b", "\\x1b"),
    ],
)
def test_values_as_cells(value: JsonValue, text: str) -> None:
    assert show_plain(value).text == text
