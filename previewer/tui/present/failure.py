"""An error as lines: what happened, where, what to do, and the details."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.errors import (
    EngineError,
    EngineUnreachableError,
    PreviewerError,
    SourceError,
    TimedOutError,
    UsageError,
)
from previewer.tui.present.pieces import Line, Piece, Tone, line

MOST_DETAILS = 30
"""Of the last details; a build's output can be long, and its end says what went wrong."""
_WORDS: Mapping[type[PreviewerError], str] = {
    PreviewerError: "error",
    UsageError: "wrong setting",
    SourceError: "git failed",
    TimedOutError: "timed out",
    EngineError: "engine failed",
    EngineUnreachableError: "no engine",
}
"""Of the most specific class that has one."""


def failure_word(error: PreviewerError) -> str:
    """What failed, in two words at most, for a place where the error itself has no room."""
    return next(_WORDS[cls] for cls in type(error).__mro__ if cls in _WORDS)


def failure_lines(error: PreviewerError, *, details: int = MOST_DETAILS) -> tuple[Line, ...]:
    """The error in full, the hint before the details: it is what the user looks for."""
    lines = [line(Piece("✖ ", Tone.BAD), Piece(error.message, Tone.BAD))]
    if error.where:
        lines.append(line(Piece("  at    ", Tone.QUIET), error.where))
    if error.hint:
        lines.append(line(Piece("  hint  ", Tone.QUIET), Piece(error.hint, Tone.ACCENT)))
    shown = error.details[-details:] if details else ()
    if shown:
        lines.append(())
        if len(shown) < len(error.details):
            lines.append(line(Piece(f"  … {len(error.details) - len(shown)} lines before", Tone.QUIET)))
        lines.extend(line(Piece(f"  {detail}", Tone.QUIET)) for detail in shown)
    return tuple(lines)


def failure_summary(error: PreviewerError) -> Line:
    """The error on one line."""
    where = f"{error.where}: " if error.where else ""
    return line(Piece("✖ ", Tone.BAD), Piece(f"{where}{error.message}", Tone.BAD))
