"""States as a glyph, a word and a style, and the signs beside them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Change
from previewer.domain.drift.finding import Severity
from previewer.domain.environment.environment import Environment, State
from previewer.domain.progress import Outcome
from previewer.domain.release.attestation import Signature, Verdict
from previewer.domain.units import counted
from previewer.tui.present.text import Line, Piece, Tone, join, line

_SIGNS: Mapping[Enum, tuple[str, Tone]] = {
    State.DONE: ("✔", Tone.GOOD),
    State.HEALTHY: ("●", Tone.GOOD),
    State.RUNNING: ("◉", Tone.GOOD),
    State.STARTING: ("◐", Tone.BUSY),
    State.ASLEEP: ("☾", Tone.BUSY),
    State.STOPPED: ("◌", Tone.WARN),
    State.UNHEALTHY: ("▲", Tone.WARN),
    State.FAILED: ("✖", Tone.BAD),
    Outcome.DONE: ("✔", Tone.GOOD),
    Outcome.CACHED: ("≡", Tone.QUIET),
    Outcome.FAILED: ("✖", Tone.BAD),
    Outcome.CANCELLED: ("⊘", Tone.WARN),
    Severity.LOW: ("·", Tone.QUIET),
    Severity.MEDIUM: ("▲", Tone.WARN),
    Severity.HIGH: ("✖", Tone.BAD),
    Change.ADDED: ("+", Tone.GOOD),
    Change.REMOVED: ("-", Tone.BAD),
    Change.CHANGED: ("~", Tone.BUSY),
    Verdict.GOOD: ("✔", Tone.GOOD),
    Verdict.UNKNOWN: ("?", Tone.WARN),
    Verdict.BAD: ("✖", Tone.BAD),
    Verdict.UNSIGNED: ("·", Tone.QUIET),
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8


def state_line(state: State) -> Line:
    """``● healthy``."""
    return (_signed(state, state.value),)


def severity_line(severity: Severity, *, is_dimmed: bool = False) -> Line:
    """``✖ high``."""
    signed = _signed(severity, severity.value)
    return (Piece(signed.text, Tone.QUIET) if is_dimmed else signed,)


def change_line(change: Change) -> Line:
    """``+ added``."""
    return (_signed(change, f"{change.value:<7}"),)


def signature_line(signature: Signature) -> Line:
    """``✔ good, Ada <ada@example.org>``."""
    words = ", ".join(word for word in (signature.verdict.value, signature.signer, signature.reason) if word)
    return line(_signed(signature.verdict, words))


def outcome_glyph(outcome: Outcome) -> Piece:
    """The glyph of how a task ended."""
    return Piece(*_SIGNS[outcome])


def spinner(seconds: float) -> Piece:
    """The glyph of something that has run for ``seconds``."""
    return Piece(SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)], Tone.BUSY)


def _signed(what: Enum, words: str) -> Piece:
    glyph, tone = _SIGNS[what]
    return Piece(f"{glyph} {words}", tone)


BEHIND_SIGN = "↑"
"""The branch has a newer tip."""
TAINT_SIGN = "⚑"
"""Somebody touched it: nobody is to trust it any more."""
DRIFT_SIGN = "≠"
"""It is not as it was frozen."""


def sign_line(environment: Environment, drift: EnvironmentDrift | None, *, is_behind: bool) -> Line:
    """`` ↑⚑``: nothing for an environment that is as it should be."""
    signs: list[Piece] = []
    if is_behind:
        signs.append(Piece(BEHIND_SIGN, Tone.ACCENT))
    if environment.is_tainted:
        signs.append(Piece(TAINT_SIGN, Tone.BAD))
    elif drift is not None and drift.findings:
        signs.append(Piece(DRIFT_SIGN, Tone.WARN))
    return (Piece(" "), *signs) if signs else ()


def sign_words(environment: Environment, drift: EnvironmentDrift | None = None) -> Line:
    """``⚑ tainted  ≠ 3 findings  pinned``."""
    parts: list[Line] = []
    if environment.is_tainted:
        parts.append((Piece(f"{TAINT_SIGN} tainted", Tone.BAD),))
    elif drift is not None and drift.findings:
        parts.append((Piece(f"{DRIFT_SIGN} {counted(len(drift.findings), 'finding')}", Tone.WARN),))
    if environment.notes.pinned:
        parts.append((Piece("pinned", Tone.ACCENT),))
    return join(parts, Piece("  "))
