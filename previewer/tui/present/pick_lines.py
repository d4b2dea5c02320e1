"""What can be picked, under one another: names, and beside them what they are."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.present.safe_text import plain
from previewer.tui.present.pieces import Line, Piece, Tone, cut, line, width_of

WIDEST_NAME = 48
"""So that what it is stays beside it."""


def pick_lines(names: Sequence[tuple[str, str]], *, width: int) -> tuple[Line, ...]:
    """One line each, in at most ``width`` cells; long names give way."""
    room = max(12, min(WIDEST_NAME, width * 2 // 3))
    shown = [(line(cut(plain(name), room)), about) for name, about in names]
    widest = max((width_of(name) for name, _about in shown), default=0)
    return tuple(
        (*name, *line(Piece(" " * (widest - width_of(name) + 2) + about, Tone.QUIET))) for name, about in shown
    )
