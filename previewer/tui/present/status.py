"""States as a glyph, a word and a tone: the glyph and the word alone say everything, for ``NO_COLOR``."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.attestation import Signature, Verdict
from previewer.domain.drift.finding import Severity
from previewer.domain.environment import State
from previewer.domain.file_change import Change
from previewer.domain.progress import Outcome
from previewer.tui.present.pieces import Line, Piece, Tone, line

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
_SEVERITIES: Mapping[Severity, tuple[str, Tone]] = {
    Severity.LOW: ("·", Tone.QUIET),
    Severity.MEDIUM: ("▲", Tone.WARN),
    Severity.HIGH: ("✖", Tone.BAD),
}
_CHANGES: Mapping[Change, tuple[str, Tone]] = {
    Change.ADDED: ("+", Tone.GOOD),
    Change.REMOVED: ("-", Tone.BAD),
    Change.CHANGED: ("~", Tone.BUSY),
}
_VERDICTS: Mapping[Verdict, tuple[str, Tone]] = {
    Verdict.GOOD: ("✔", Tone.GOOD),
    Verdict.UNKNOWN: ("?", Tone.WARN),
    Verdict.BAD: ("✖", Tone.BAD),
    Verdict.UNSIGNED: ("·", Tone.QUIET),
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8


def state_line(state: State) -> Line:
    """``● healthy``."""
    glyph, tone = _STATES[state]
    return (Piece(f"{glyph} {state.value}", tone),)


def severity_line(severity: Severity, *, is_dimmed: bool = False) -> Line:
    """``✖ high``."""
    glyph, tone = _SEVERITIES[severity]
    return (Piece(f"{glyph} {severity.value}", Tone.QUIET if is_dimmed else tone),)


def change_line(change: Change) -> Line:
    """``+ added``."""
    glyph, tone = _CHANGES[change]
    return (Piece(f"{glyph} {change.value:<7}", tone),)


def signature_line(signature: Signature) -> Line:
    """``✔ good, Ada <ada@example.org>``."""
    glyph, tone = _VERDICTS[signature.verdict]
    words = ", ".join(word for word in (signature.verdict.value, signature.signer, signature.reason) if word)
    return line(Piece(f"{glyph} {words}", tone))


def outcome_glyph(outcome: Outcome) -> Piece:
    """The glyph of how a task ended."""
    return Piece(*_OUTCOMES[outcome])


def spinner(seconds: float) -> Piece:
    """The glyph of something that has run for ``seconds``."""
    return Piece(SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)], Tone.BUSY)
