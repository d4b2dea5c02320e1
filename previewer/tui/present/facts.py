"""Facts under one another: a quiet label, then what is to be said, wrapped below itself."""

from __future__ import annotations

from previewer.tui.present.pieces import Line, Piece, Tone, line, width_of, wrap_text

LABEL_WIDTH = 10


def fact(label: str, *parts: str | Piece) -> Line:
    """``release    sha256:…`` on one line."""
    return line(Piece(f"{label:<{LABEL_WIDTH}} ", Tone.QUIET), *parts)


def fact_lines(label: str, text: str, *, width: int, tone: Tone = Tone.PLAIN) -> tuple[Line, ...]:
    """The fact in as many lines of ``width`` cells as it needs; nothing for an empty text."""
    if not text:
        return ()
    head = fact(label)
    room = max(10, width - width_of(head))
    first, *rest = wrap_text(text, room)
    return (
        (*head, Piece(first, tone)),
        *((Piece(" " * width_of(head)), Piece(part, tone)) for part in rest),
    )
