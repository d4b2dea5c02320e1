"""Whatever is in it: it is shown on one line, and a terminal does nothing about it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color
from textual.theme import Theme

from previewer.present.safe_text import plain, plain_log
from previewer.present.values import Span, Tone
from previewer.tui.present.tables import CellPainter
from previewer.tui.present.text import cut, cut_line, line, to_content, width_of
from previewer.tui.themes import DARK, LIGHT, style_variables
from tests.tui.hostile import HOSTILE

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates too: git gives them for names that are not UTF-8."""


@given(ANY_TEXT)
def test_plain_text_is_one_printable_line(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs")]
    assert not [c for c in shown if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF")]
    shown.encode("utf-8")


@given(ANY_TEXT)
def test_plain_text_is_plain_already(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\nc", r"a\nb\r\nc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\tb", r"a\tb"),
        ("a\x00b\x7f", r"a\x00b\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("ma\u200bin", r"ma\u200bin"),
        ("ma\u200din", r"ma\u200din"),
        ("main\ufe0f", r"main\ufe0f"),
        ("ma\u00adin", r"ma\xadin"),
        ("main\U000e0041", r"main\U000e0041"),
        ("⚠\ufe0f careful", "⚠\ufe0f careful"),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
    ],
)
def test_what_becomes_of_it(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;32mINFO\x1b[0m ready", "INFO ready"),
        ("\x1b]0;title\x07after", "after"),
        ("a\tb", "a       b"),
        ("broken \x1b", r"broken \x1b"),
        ("x\r\n", "x"),
    ],
)
def test_a_log_line_loses_its_colours(text: str, shown: str) -> None:
    assert plain_log(text) == shown


@given(ANY_TEXT, st.integers(1, 60))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert cell_len(cut(plain(text), width)) <= width


@given(st.lists(ANY_TEXT, max_size=4), st.integers(1, 60))
def test_a_line_that_is_cut_fits(texts: list[str], width: int) -> None:
    assert width_of(cut_line(line(*texts), width)) <= width


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_is_read_as_markup(text: str) -> None:
    spans = (Span(text, Tone.BAD),)
    assert to_content(spans).plain == plain(text)
    theme = DARK.to_color_system().generate()
    painter = CellPainter({**theme, **style_variables(theme, is_ansi=False)})
    assert painter.cell(spans).plain == plain(text)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_tone_can_be_read_on_its_background(theme: Theme) -> None:
    variables = theme.to_color_system().generate()
    variables.update(style_variables(variables, is_ansi=False))
    for background in ("background", "panel", "selection"):
        for name in ("quiet", "emphasis", "good", "busy", "warn", "bad", "foreground"):
            on, text = Color.parse(variables[background]), Color.parse(variables[name])
            lighter, darker = sorted((_luminance(on), _luminance(text)), reverse=True)
            ratio = (lighter + 0.05) / (darker + 0.05)
            assert ratio >= 4.5, f"{name} on {background}: {ratio:.1f}"


def _luminance(colour: Color) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [part / 255 for part in colour.rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
