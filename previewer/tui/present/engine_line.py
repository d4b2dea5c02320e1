"""The engine in one piece, for the top bar: what it is, or what keeps us from knowing."""

from __future__ import annotations

from previewer.tui.picture import Picture
from previewer.tui.present.failure import failure_word
from previewer.tui.present.pieces import Line, Piece, Tone, line


def engine_line(picture: Picture) -> Line:
    """``Docker 26.1 · linux/amd64``; ``✖ no engine`` where none answers, other words for other failures."""
    if picture.engine_error is not None:
        return line(Piece(f"✖ {failure_word(picture.engine_error)}", Tone.BAD))
    return line(Piece(picture.engine or "asking the engine …", Tone.QUIET))
