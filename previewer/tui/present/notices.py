"""What screens say where they have nothing to show, or where something does not answer."""

from __future__ import annotations

from previewer.errors import PreviewerError
from previewer.tui.present.failure import failure_lines
from previewer.tui.present.pieces import Line, Piece, Tone, line


def engine_notice(error: PreviewerError, *, retry_key: str, as_of: str) -> tuple[Line, ...]:
    """The engine does not answer: why, the fix, and what still works: ``as_of`` says how old what is shown is."""
    meanwhile = f"environments are shown {as_of}" if as_of else "branches can be browsed"
    return (
        *failure_lines(error, details=3),
        line(
            Piece("  ", Tone.PLAIN),
            Piece(retry_key, Tone.ACCENT),
            Piece(f" tries again; meanwhile {meanwhile}", Tone.QUIET),
        ),
    )


def source_notice(error: PreviewerError, *, retry_key: str) -> tuple[Line, ...]:
    """Git does not answer."""
    return (*failure_lines(error, details=3), _keys((retry_key, "tries again")))


def empty_table(*, is_waiting: bool, filter_text: str, branch_count: int, location: str) -> tuple[Line, ...]:
    """Why the home table is empty, and which key helps."""
    if is_waiting:
        return (line(Piece("reading branches …", Tone.QUIET)),)
    if filter_text and branch_count:
        return (
            line(Piece(f"none of {branch_count} branches contains “{filter_text}”", Tone.QUIET)),
            _keys(("esc", "clears the filter")),
        )
    return (
        line(Piece(f"no branches in {location}: nothing has been committed yet", Tone.QUIET)),
        line(Piece("commit something, with a compose.yaml or a Dockerfile in it", Tone.QUIET)),
        _keys(("r", "looks again")),
    )


def _keys(*pairs: tuple[str, str]) -> Line:
    pieces: list[Piece] = [Piece("  ")]
    for key, words in pairs:
        pieces += [Piece(key, Tone.ACCENT), Piece(f" {words}  ", Tone.QUIET)]
    return line(*pieces)
