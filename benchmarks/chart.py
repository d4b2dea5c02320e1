"""The results as horizontal bars: plain SVG, readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks.results import Line, Result

WIDTH, LABELS, ROW, GAP = 860, 250, 18, 34
"""Of the picture, of the names to the left of the bars, of a line, of a title; in pixels."""
OURS, OTHERS, TEXT = "#2f81f7", "#9aa4b0", "#7a828c"
NUMBER_WIDTH = 70


def draw(results: Sequence[Result]) -> str:
    """The picture. Each comparison has a scale of its own: bars compare within it."""
    parts: list[str] = []
    top = 0
    for result in (result for result in results if result.lines):
        longest = max(line.seconds for line in result.lines)
        parts.append(_text(4, top + 22, result.title, weight="bold"))
        top += GAP
        for number, line in enumerate(result.lines):
            parts.append(_bar(line, top, longest, OURS if number == 0 or not result.is_compared else OTHERS))
            top += ROW
    style = "font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + 8}" style="{style}">'
    return "\n".join([head, "<title>Seconds, shorter is better</title>", *parts, "</svg>\n"])


def _bar(line: Line, top: int, longest: float, colour: str) -> str:
    length = max(1.0, (WIDTH - LABELS - NUMBER_WIDTH) * line.seconds / longest)
    return "\n".join(
        (
            _text(16, top + 13, line.subject),
            f'<rect x="{LABELS}" y="{top + 3}" width="{length:.1f}" height="{ROW - 6}" rx="2" fill="{colour}"/>',
            _text(LABELS + length + 6, top + 13, f"{line.seconds:.2f} s"),
        )
    )


def _text(left: float, bottom: int, text: str, *, weight: str = "normal") -> str:
    return f'<text x="{left:.1f}" y="{bottom}" fill="{TEXT}" font-weight="{weight}">{escape(text)}</text>'
