"""States as a glyph, a word and a tone: the glyph and the word alone say everything, for ``NO_COLOR``."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.environment import State
from previewer.domain.progress import Outcome
from previewer.tui.present.pieces import Line, Piece, Tone

_STATES: Mapping[State, tuple[str, Tone]] = {
    State.DONE: ("✔", Tone.GOOD),
    State.HEALTHY: ("●", Tone.GOOD),
    State.RUNNING: ("◉", Tone.GOOD),
    State.STARTING: ("◐", Tone.BUSY),
    State.ASLEEP: ("☾", Tone.BUSY),
    State.STOPPED: ("◌", Tone.WARN),
    State.UNHEALTHY: ("▲", Tone.WARN),
    State.FAILED: ("✖", Tone.BAD),
}
_OUTCOMES: Mapping[Outcome, tuple[str, Tone]] = {
    Outcome.DONE: ("✔", Tone.GOOD),
    Outcome.CACHED: ("≡", Tone.QUIET),
    Outcome.FAILED: ("✖", Tone.BAD),
    Outcome.CANCELLED: ("⊘", Tone.WARN),
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8


def state_line(state: State) -> Line:
    """``● healthy``."""
    glyph, tone = _STATES[state]
    return (Piece(f"{glyph} {state.value}", tone),)


def outcome_glyph(outcome: Outcome) -> Piece:
    """The glyph of how a task ended."""
    return Piece(*_OUTCOMES[outcome])


def spinner(seconds: float) -> Piece:
    """The glyph of something that has run for ``seconds``."""
    return Piece(SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)], Tone.BUSY)
