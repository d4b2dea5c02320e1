"""The words of the screen that asks before anything happens."""

from __future__ import annotations

from previewer.domain.definition import Role
from previewer.domain.plan import Plan
from previewer.tui.present.pieces import Line, Piece, Tone, line
from previewer.tui.present.pinned import ROLE_KEYS
from previewer.tui.present.plan_lines import plan_size
from previewer.tui.requests import Request, UpRequest


def question_lines(request: Request, plan: Plan | None) -> tuple[Line, ...]:
    """What is asked, and one line that says what it means."""
    size = Piece(f"   {plan_size(plan)}" if plan and plan.steps else "", Tone.QUIET)
    return (line(Piece(f"{request.title}?", Tone.STRONG), size), line(Piece(_meaning(request, plan), Tone.QUIET)))


def _meaning(request: Request, plan: Plan | None) -> str:
    if plan is not None and not plan.steps:
        if isinstance(request, UpRequest):
            return "It runs this very commit already and is well: there is nothing to do."
        return "Nothing of it is left: there is nothing to do."
    if not isinstance(request, UpRequest):
        many = len(request.environments) != 1
        return f"{'Their' if many else 'Its'} containers, networks and volumes go, with all that they hold."
    if request.replaces is not None:
        return "The new generation starts beside the old one, which goes once its successor is healthy."
    return "The commit is frozen into images, then runs from these. A failure undoes all of it."


def role_line(role: Role) -> Line:
    """The roles with their keys, the chosen one marked."""
    pieces: list[Piece] = [Piece("as  ", Tone.QUIET)]
    for one, key in ROLE_KEYS.items():
        is_chosen = one is role
        pieces.append(Piece("◉ " if is_chosen else "○ ", Tone.ACCENT if is_chosen else Tone.QUIET))
        pieces.append(Piece(f"{key} ", Tone.ACCENT))
        pieces.append(Piece(f"{one.value}    ", Tone.STRONG if is_chosen else Tone.QUIET))
    return tuple(pieces)


def danger_line(name: str) -> Line:
    """Production's warning."""
    return line(Piece(" PRODUCTION ", Tone.LOUD), "  type ", Piece(name, Tone.STRONG), " to go on:")
