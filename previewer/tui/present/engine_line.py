"""The engine in one piece, for the top bar: what it is, or what keeps us from knowing."""

from __future__ import annotations

from datetime import datetime

from previewer.tui.picture import Picture
from previewer.tui.present.failure import failure_word
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.times import as_of_words


def engine_line(picture: Picture, now: datetime) -> Line:
    """``Docker 26.1 · linux/amd64``; ``✖ no engine`` where none answers, other words for other failures."""
    if picture.engine_error is not None:
        as_of = f"  {as_of_words(picture.read_at, now)}" if picture.read_at else ""
        return line(Piece(f"✖ {failure_word(picture.engine_error)}", Tone.BAD), Piece(as_of, Tone.QUIET))
    return line(Piece(picture.engine or "asking the engine …", Tone.QUIET))
