"""The head of an environment's screen: what it is, what it runs, where it answers, how long it stays."""

from __future__ import annotations

from datetime import datetime

from previewer.domain.environment import Environment
from previewer.domain.revision import Branch, short_id
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, join, line
from previewer.tui.present.status import state_line
from previewer.tui.present.times import age, time_left

_SEPARATOR = Piece("  ·  ", Tone.QUIET)


def header_lines(
    environment: Environment, branch: Branch | None, *, now: datetime, width: int
) -> tuple[Line, ...]:
    """Four lines, each cut to ``width``."""
    ownership = environment.ownership
    title = line(
        Piece(environment.role.value, Tone.ACCENT), f" of {ownership.branch or short_id(ownership.commit)}"
    )
    is_behind = branch is not None and branch.commit != ownership.commit
    newer = line(Piece("↑ the branch has a newer commit", Tone.ACCENT)) if is_behind else ()
    lines = (
        join((state_line(environment.state), title, newer), _SEPARATOR),
        join(
            (
                _fact("commit", short_id(ownership.commit)),
                _fact("release", short_id(ownership.release)),
                _fact("generation", str(ownership.generation)),
                _fact("by", ownership.owner),
            ),
            Piece("   "),
        ),
        join(
            (
                _fact("up", age(environment.created_at, now)),
                (*_fact("TTL left", ""), *time_left(environment.expires_at, now)),
            ),
            Piece("   "),
        ),
        _urls(environment),
    )
    return tuple(cut_line(pieces, width) for pieces in lines)


def _fact(label: str, value: str) -> Line:
    return line(Piece(f"{label} ", Tone.QUIET), value)


def _urls(environment: Environment) -> Line:
    if environment.url is None:
        return line(Piece("no URL: no service publishes a port", Tone.QUIET))
    others = [url for url in environment.urls if url != environment.url]
    rest = line(Piece("   " + "  ".join(others), Tone.QUIET)) if others else ()
    return (*line(Piece(environment.url, Tone.ACCENT)), *rest)


def gone_lines(name: str) -> tuple[Line, ...]:
    """In place of the first line, once the environment is no more."""
    return (line(Piece(f"○ {name} is gone", Tone.WARN), Piece("  esc goes back", Tone.QUIET)),)


def tab_line(current: str) -> Line:
    """The tabs with their keys, the current one loud."""
    pieces: list[Piece] = []
    for number, name in enumerate(("overview", "logs", "plan"), 1):
        is_current = name == current
        pieces.append(Piece(f"{number} ", Tone.ACCENT if is_current else Tone.QUIET))
        pieces.append(Piece(f"{name.capitalize()}    ", Tone.STRONG if is_current else Tone.QUIET))
    return tuple(pieces)
