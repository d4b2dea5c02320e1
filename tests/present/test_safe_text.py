"""Foreign text is shown and never obeyed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.present.safe_text import cell_width, cut, plain, plain_log_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("main", "main"),
        ("[bold]x[/bold] [/foo]", "[bold]x[/bold] [/foo]"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("a\u2028b\ufeff", "a\\u2028b\\ufeff"),
        ("bytes \udcff", "bytes \\udcff"),
        ("日本 🦊 مرحبا é", "日本 🦊 مرحبا é"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(alphabet=st.characters()))
def test_plain_text_has_no_control_character_and_stays_as_it_is(text: str) -> None:
    shown = plain(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")]
    assert plain(shown) == shown


@pytest.mark.parametrize(
    ("text", "coloured", "bare"),
    [
        ("plain\r\n", "plain", "plain"),
        ("\x1b[32mok\x1b[0m done", "\x1b[32mok\x1b[0m done\x1b[0m", "ok done"),
        ("\x1b[31mopen", "\x1b[31mopen\x1b[0m", "open"),
        ("a\tb", "a\tb", "a\tb"),
        ("\x1b[2Jgone", "\\x1b[2Jgone", "\\x1b[2Jgone"),
        ("10%\r20%", "10%\\r20%", "10%\\r20%"),
    ],
)
def test_log_lines_keep_colours_only_where_they_are_wanted(text: str, coloured: str, bare: str) -> None:
    assert plain_log_line(text, keep_colour=True) == coloured
    assert plain_log_line(text, keep_colour=False) == bare


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("日本", 4), ("e\u0301", 1), ("🦊", 2), ("ａ", 2), ("a\u200db", 2)]
)
def test_cell_width(text: str, width: int) -> None:
    assert cell_width(text) == width


@given(st.text(alphabet="ab日🦊\u0301…"), st.integers(0, 12))
def test_cut_never_exceeds_the_width_and_leaves_alone_what_fits(text: str, width: int) -> None:
    assert cell_width(cut(text, width)) <= width
    if cell_width(text) <= width:
        assert cut(text, width) == text
