"""A key that is written on the screen can be clicked: the click presses it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content
from textual.errors import NoWidget
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from previewer.present.values import Tone
from previewer.tui.actions import key_name
from previewer.tui.present.text import STYLES

_KEY_STYLES = frozenset({STYLES[Tone.ACCENT], STYLES[Tone.QUIET]})
"""What keys are written in: bars and hints, and the tabs that are not chosen."""
_ENDS = ("  ", " · ", "\n", "[", "]")
"""What ends the words that belong to a key."""


def clicked_key(event: Click, screen: Screen[object]) -> str | None:
    """The key, in Textual's spelling, that is written where it was clicked, or that the words there belong to."""
    widget = widget_at(event, screen)
    offset = event.get_content_offset(widget) if isinstance(widget, Static) else None
    content = widget.visual if isinstance(widget, Static) else None
    if offset is None or not isinstance(content, Content):
        return None
    lines = content.split("\n", allow_blank=True)
    if offset.y >= len(lines):
        return None
    keys = {key_name(key): key for key, found in screen.active_bindings.items() if found.enabled}
    written = key_at(lines[offset.y], offset.x, keys)
    return keys[written] if written is not None else None


def widget_at(event: Click, screen: Screen[object]) -> Widget | None:
    """What was clicked; once it has bubbled, the event itself does not say."""
    try:
        return screen.get_widget_at(event.screen_x, event.screen_y)[0]
    except NoWidget:
        return None


def key_at(line: Content, x: int, keys: Mapping[str, str]) -> str | None:
    """Which of ``keys``, by their written names, stands at cell ``x``, or before it with the words there."""
    plain = line.plain
    for span in sorted(line.spans, key=lambda span: -span.start):
        text = plain[span.start : span.end]
        if span.style not in _KEY_STYLES or text.strip() not in keys or cell_len(plain[: span.start]) > x:
            continue
        rest = plain[span.end :]
        ends = [at for end in _ENDS if (at := rest.find(end)) >= 0]
        words = rest[: min(ends, default=len(rest))]
        return text.strip() if x < cell_len(plain[: span.end] + words) else None
    return None
