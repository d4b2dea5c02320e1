"""Text in spans, each with a style: made safe, wrapped and indented before it becomes cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from previewer.present.safe_text import plain
from previewer.present.values import Span, Tone

STYLES: Mapping[Tone, str] = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.QUIET: "$quiet",
    Tone.ACCENT: "$emphasis",
    Tone.GOOD: "$good",
    Tone.BUSY: "$busy",
    Tone.WARN: "$warn",
    Tone.BAD: "$bad",
    Tone.LOUD: "bold $loud-text on $loud",
}
"""Textual's spelling of each tone; the colours are named in ``tui.themes``."""

Line: TypeAlias = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of pieces; strings are in the plain tone. Every part is made plain text."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(Span(plain(text), tone) for text, tone in spans if text)


def count_of(number: int, one: str, many: str) -> str:
    """``1 branch``, ``2 branches``."""
    return f"{number} {one if number == 1 else many}"


def text_of(spans: Line) -> str:
    """The line's text, without its tones."""
    return "".join(span.text for span in spans)


def width_of(spans: Line) -> int:
    """In terminal cells: wide characters count twice."""
    return sum(cell_len(span.text) for span in spans)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, ending in ``…`` where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    return set_cell_size(text, width - 1).rstrip() + "…"


def cut_line(spans: Line, width: int) -> Line:
    """The line in at most ``width`` cells."""
    kept: list[Span] = []
    left = width
    for span in spans:
        if left <= 0:
            break
        text = cut(span.text, left)
        kept.append(Span(text, span.tone))
        left -= cell_len(text)
    return tuple(kept)


def wrap_text(text: str, width: int) -> tuple[str, ...]:
    """``text`` made plain, in parts of at most ``width`` cells, at spaces where there are any; never empty."""
    parts: list[str] = []
    left = plain(text).strip()
    while cell_len(left) > width:
        head = set_cell_size(left, width)
        space = head.rfind(" ", width // 2)
        head = head[:space] if space > 0 else head
        head = head if left.startswith(head) else head.rstrip()
        parts.append(head.rstrip())
        left = left[max(1, len(head)) :].lstrip()
    return (*parts, left)


def quiet(spans: Line) -> Line:
    """The same in the background: what may not be true any more."""
    return tuple(Span(span.text, Tone.QUIET) for span in spans)


def join(lines: Iterable[Line], separator: Span) -> Line:
    """The lines one after another on one line; empty ones are left out."""
    joined: list[Span] = []
    for spans in lines:
        if spans:
            joined.extend((separator, *spans) if joined else spans)
    return tuple(joined)


def join_fitting(lines: Iterable[Line], separator: Span, width: int) -> Line:
    """As :func:`join`, without the last lines that ``width`` cells do not hold in full; the first one is cut."""
    joined: Line = ()
    for spans in lines:
        longer = join((joined, spans), separator)
        if joined and width_of(longer) > width:
            break
        joined = longer
    return cut_line(joined, width)


def to_content(*lines: Line) -> Content:
    """The lines as a widget's content. Nothing in them is read as markup."""
    parts: list[str | tuple[str, str]] = []
    for number, spans in enumerate(lines):
        if number:
            parts.append("\n")
        parts.extend((plain(text), STYLES[tone]) if STYLES[tone] else plain(text) for text, tone in spans)
    return Content.assemble(*parts)


_LEAST = 10
"""Cells that a line keeps for its text, however wide its label is."""
_WORDS = re.compile(r" +|[^ ]+")


def hanging_indent(lines: Iterable[Line], width: int, *, indent: int | None = None) -> tuple[Line, ...]:
    """The lines in at most ``width`` cells each; all of them as they are where ``width`` is 0: not known yet.

    What follows is indented by ``indent`` cells; by default it stands under the text: a first piece that ends in a
    space is a label (``  hint  ``, ``✖ ``).
    """
    if width <= 0:
        return tuple(lines)
    return tuple(part for spans in lines for part in _broken(spans, width, indent))


def _broken(spans: Line, width: int, wanted: int | None) -> tuple[Line, ...]:
    if width_of(spans) <= width:
        return (spans,)
    indent = min(_indent(spans) if wanted is None else wanted, max(0, width - _LEAST))
    parts: list[list[Span]] = [[]]
    used = 0
    for span in spans:
        for word in _WORDS.findall(span.text):
            if used + cell_len(word) > width and used > indent:
                parts.append([Span(" " * indent)] if indent else [])
                used = indent
                if word.isspace():
                    continue
            for chunk in _chunks(word, width - used, width - indent):
                if used + cell_len(chunk) > width:
                    parts.append([Span(" " * indent)] if indent else [])
                    used = indent
                parts[-1].append(Span(chunk, span.tone))
                used += cell_len(chunk)
    return tuple(_merged(part) for part in parts)


def _merged(spans: Iterable[Span]) -> Line:
    """Neighbours of one tone as one piece."""
    groups = groupby(spans, key=lambda span: span.tone)
    return tuple(Span("".join(span.text for span in group), tone) for tone, group in groups)


def _indent(spans: Line) -> int:
    first = spans[0].text
    if len(spans) > 1 and first.endswith(" "):
        return cell_len(first)
    return len(first) - len(first.lstrip(" "))


def _chunks(word: str, first: int, room: int) -> list[str]:
    """A word that no line can hold, in parts: the first of ``first`` cells, the others of ``room``."""
    if cell_len(word) <= first:
        return [word]
    chunks: list[str] = []
    while cell_len(word) > first:
        head = set_cell_size(word, max(1, first)).rstrip() or word[0]
        head = head if word.startswith(head) else word[0]
        chunks.append(head)
        word, first = word[len(head) :], room
    return [*chunks, word] if word else chunks


LABEL_WIDTH = 10


def fact(label: str, *parts: str | Span) -> Line:
    """``release    sha256:…`` on one line."""
    return line(Span(f"{label:<{LABEL_WIDTH}} ", Tone.QUIET), *parts)


def fact_lines(label: str, text: str, *, width: int, tone: Tone = Tone.PLAIN) -> tuple[Line, ...]:
    """The fact in as many lines of ``width`` cells as it needs; nothing for an empty text."""
    if not text:
        return ()
    head = fact(label)
    room = max(10, width - width_of(head))
    first, *rest = wrap_text(text, room)
    return (
        (*head, Span(first, tone)),
        *((Span(" " * width_of(head)), Span(part, tone)) for part in rest),
    )
