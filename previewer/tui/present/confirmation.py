"""The words of the screen that asks before anything happens."""

from __future__ import annotations

from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.proposal_lines import is_empty, proposal_size
from previewer.tui.requests.request import Proposal, Request


def question_lines(request: Request, proposal: Proposal | None) -> tuple[Line, ...]:
    """What is asked, and one line that says what it means."""
    has_some = proposal is not None and not is_empty(proposal)
    size = f"   {proposal_size(proposal)}" if proposal is not None and has_some else ""
    meaning = request.nothing if proposal is not None and not has_some else request.meaning
    return (
        line(Piece(f"{request.title}?", Tone.STRONG), Piece(size, Tone.QUIET)),
        line(Piece(meaning, Tone.QUIET)),
    )


def choice_line(request: Request, *, other_key: str) -> Line:
    """What can be chosen, with its keys, the chosen one marked. Where another may be typed, that is the last."""
    offered = [(str(number), label) for number, label in enumerate(request.choices, 1)]
    if request.other:
        offered.append((other_key, "other"))
    chosen = request.chosen if request.chosen >= 0 else len(request.choices)
    pieces: list[Piece] = []
    for index, (key, label) in enumerate(offered):
        is_chosen = index == chosen
        pieces.append(Piece("◉ " if is_chosen else "○ ", Tone.ACCENT if is_chosen else Tone.QUIET))
        pieces.append(Piece(f"{key} ", Tone.ACCENT))
        pieces.append(Piece(f"{label}   ", Tone.STRONG if is_chosen else Tone.QUIET))
    return line(*pieces)


def danger_line(name: str) -> Line:
    """Production's warning."""
    return line(Piece(" PRODUCTION ", Tone.LOUD), "  type ", Piece(name, Tone.STRONG), " to go on:")
