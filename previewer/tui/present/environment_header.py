"""The head of an environment's screen: what it is, what it runs, where it answers, how long it stays."""

from __future__ import annotations

from datetime import datetime

from previewer.domain.environment import Environment, State
from previewer.domain.no_url import reason_for_no_url
from previewer.domain.revision import Branch, short_id
from previewer.operations.drift import EnvironmentDrift
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.pieces import Line, Piece, Tone, cut_line, join, line
from previewer.tui.present.signs import TAINT_SIGN, sign_words
from previewer.tui.present.status import state_line
from previewer.tui.present.times import age, ago, lifetime
from previewer.tui.requests.rollback import known_good_others

TABS = ("overview", "services", "logs", "drift", "history", "release", "plan")
"""In the order of their keys."""
_SEPARATOR = Piece("  ·  ", Tone.QUIET)


def header_lines(
    environment: Environment,
    branch: Branch | None,
    *,
    now: datetime,
    width: int,
    drift: EnvironmentDrift | None = None,
) -> tuple[Line, ...]:
    """Four lines, each cut to ``width``; one more for an environment that somebody touched."""
    ownership = environment.ownership
    title = line(
        Piece(environment.role.value, Tone.ACCENT), f" of {ownership.branch or short_id(ownership.commit)}"
    )
    is_behind = branch is not None and branch.commit != ownership.commit
    ailment = ailment_line(environment)
    state = (*state_line(environment.state), *((Piece(": ", Tone.QUIET), *ailment) if ailment else ()))
    newer = line(Piece("↑ the branch has a newer commit", Tone.ACCENT)) if is_behind else ()
    lines = (
        join((state, title, sign_words(environment, drift), newer), _SEPARATOR),
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
                _fact("made", ago(environment.created_at, now)),
                (*_fact("TTL left", ""), *lifetime(environment, now)),
                _asleep(environment, now),
                _good(environment),
            ),
            Piece("   "),
        ),
        _urls(environment),
        *_taint(environment),
    )
    return tuple(cut_line(pieces, width) for pieces in lines)


def _asleep(environment: Environment, now: datetime) -> Line:
    since = environment.notes.asleep_since
    return _fact("asleep for", age(since, now)) if since and environment.state is State.ASLEEP else ()


def _good(environment: Environment) -> Line:
    """The releases that it can go back to."""
    good = known_good_others(environment)
    return _fact("known-good", ", ".join(short_id(one.release) for one in good[:2])) if good else ()


def _taint(environment: Environment) -> tuple[Line, ...]:
    said = environment.notes.tainted
    return (line(Piece(f"{TAINT_SIGN} {said}", Tone.BAD)),) if said else ()


def _fact(label: str, value: str) -> Line:
    return line(Piece(f"{label} ", Tone.QUIET), value)


def _urls(environment: Environment) -> Line:
    if environment.url is None:
        return line(Piece(f"no URL: {reason_for_no_url(environment)}", Tone.QUIET))
    others = [url for url in environment.urls if url != environment.url]
    rest = line(Piece("   " + "  ".join(others), Tone.QUIET)) if others else ()
    return (*line(Piece(environment.url, Tone.ACCENT)), *rest)


def gone_lines(name: str) -> tuple[Line, ...]:
    """In place of the first line, once the environment is no more."""
    return (line(Piece(f"○ {name} is gone", Tone.WARN), Piece("  esc goes back", Tone.QUIET)),)


def tab_line(current: str) -> Line:
    """The tabs with their keys, the current one loud."""
    pieces: list[Piece] = []
    for number, name in enumerate(TABS, 1):
        is_current = name == current
        pieces.append(Piece(f"{number} ", Tone.ACCENT if is_current else Tone.QUIET))
        pieces.append(Piece(f"{name.capitalize()}  ", Tone.STRONG if is_current else Tone.QUIET))
    return tuple(pieces)
