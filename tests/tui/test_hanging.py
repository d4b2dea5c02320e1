"""Long lines go on under their text: nothing is lost, nothing is wider than it may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from previewer.present.values import Span, Tone
from previewer.tui.present.text import Line, hanging_indent, line, text_of, width_of

WORDS = st.text(alphabet="ab [/🚀日", min_size=1, max_size=40)


def shown(*lines: Line, width: int, indent: int | None = None) -> list[str]:
    return [text_of(one).rstrip() for one in hanging_indent(lines, width, indent=indent)]


@pytest.mark.parametrize(
    ("spans", "width", "expected"),
    [
        (line("short"), 20, ["short"]),
        (
            line(Span("  hint  ", Tone.QUIET), "start it now please"),
            20,
            ["  hint  start it now", "        please"],
        ),
        (line(Span("✖ ", Tone.BAD), "one two three"), 12, ["✖ one two", "  three"]),
        (line("  indented text here"), 14, ["  indented", "  text here"]),
        (line("word" * 5), 12, ["wordwordword", "wordword"]),
        (line(Span("a very long label "), "text"), 12, ["a very long", "  label text"]),
    ],
)
def test_lines_are_broken_at_spaces_and_hang(spans: Line, width: int, expected: list[str]) -> None:
    assert shown(spans, width=width) == expected


def test_the_indent_can_be_said() -> None:
    spans = line("x ", "open ", "one two three")
    assert shown(spans, width=17, indent=7) == ["x open one two", "       three"]


def test_without_a_width_lines_stay_as_they_are() -> None:
    long = line("word " * 50)
    assert hanging_indent([long, ()], 0) == (long, ())


@given(st.lists(WORDS, min_size=1, max_size=5), st.integers(min_value=12, max_value=60))
def test_nothing_is_lost_and_nothing_sticks_out(texts: list[str], width: int) -> None:
    spans = tuple(Span(text, Tone.WARN) for text in texts)
    broken = hanging_indent([spans], width)
    assert "".join(text_of(part) for part in broken).replace(" ", "") == text_of(spans).replace(" ", "")
    for part in broken:
        assert cell_len(text_of(part).rstrip()) <= width
        assert all(span.tone is Tone.WARN for span in part if span.text.strip())
    assert width_of(spans) > width or broken == (spans,)
