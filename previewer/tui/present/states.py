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
from previewer.tui.present.text import Line, Span, Style, join, line

_SIGNS: Mapping[Enum, tuple[str, Style]] = {
    State.DONE: ("✔", Style.GOOD),
    State.HEALTHY: ("●", Style.GOOD),
    State.RUNNING: ("◉", Style.GOOD),
    State.STARTING: ("◐", Style.BUSY),
    State.ASLEEP: ("☾", Style.BUSY),
    State.STOPPED: ("◌", Style.WARN),
    State.UNHEALTHY: ("▲", Style.WARN),
    State.FAILED: ("✖", Style.BAD),
    Outcome.DONE: ("✔", Style.GOOD),
    Outcome.CACHED: ("≡", Style.QUIET),
    Outcome.FAILED: ("✖", Style.BAD),
    Outcome.CANCELLED: ("⊘", Style.WARN),
    Severity.LOW: ("·", Style.QUIET),
    Severity.MEDIUM: ("▲", Style.WARN),
    Severity.HIGH: ("✖", Style.BAD),
    Change.ADDED: ("+", Style.GOOD),
    Change.REMOVED: ("-", Style.BAD),
    Change.CHANGED: ("~", Style.BUSY),
    Verdict.GOOD: ("✔", Style.GOOD),
    Verdict.UNKNOWN: ("?", Style.WARN),
    Verdict.BAD: ("✖", Style.BAD),
    Verdict.UNSIGNED: ("·", Style.QUIET),
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8


def state_line(state: State) -> Line:
    """``● healthy``."""
    return (_signed(state, state.value),)


def severity_line(severity: Severity, *, is_dimmed: bool = False) -> Line:
    """``✖ high``."""
    signed = _signed(severity, severity.value)
    return (Span(signed.text, Style.QUIET) if is_dimmed else signed,)


def change_line(change: Change) -> Line:
    """``+ added``."""
    return (_signed(change, f"{change.value:<7}"),)


def signature_line(signature: Signature) -> Line:
    """``✔ good, Ada <ada@example.org>``."""
    words = ", ".join(word for word in (signature.verdict.value, signature.signer, signature.reason) if word)
    return line(_signed(signature.verdict, words))


def outcome_glyph(outcome: Outcome) -> Span:
    """The glyph of how a task ended."""
    return Span(*_SIGNS[outcome])


def spinner(seconds: float) -> Span:
    """The glyph of something that has run for ``seconds``."""
    return Span(SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)], Style.BUSY)


def _signed(what: Enum, words: str) -> Span:
    glyph, style = _SIGNS[what]
    return Span(f"{glyph} {words}", style)


BEHIND_SIGN = "↑"
"""The branch has a newer tip."""
TAINT_SIGN = "⚑"
"""It was touched and must no longer be trusted."""
DRIFT_SIGN = "≠"
"""It is not as it was frozen."""


def sign_line(environment: Environment, drift: EnvironmentDrift | None, *, is_behind: bool) -> Line:
    """`` ↑⚑``: nothing for an environment that is as it should be."""
    signs: list[Span] = []
    if is_behind:
        signs.append(Span(BEHIND_SIGN, Style.ACCENT))
    if environment.is_tainted:
        signs.append(Span(TAINT_SIGN, Style.BAD))
    elif drift is not None and drift.findings:
        signs.append(Span(DRIFT_SIGN, Style.WARN))
    return (Span(" "), *signs) if signs else ()


def sign_words(environment: Environment, drift: EnvironmentDrift | None = None) -> Line:
    """``⚑ tainted  ≠ 3 findings  pinned``."""
    parts: list[Line] = []
    if environment.is_tainted:
        parts.append((Span(f"{TAINT_SIGN} tainted", Style.BAD),))
    elif drift is not None and drift.findings:
        parts.append((Span(f"{DRIFT_SIGN} {counted(len(drift.findings), 'finding')}", Style.WARN),))
    if environment.notes.pinned:
        parts.append((Span("pinned", Style.ACCENT),))
    return join(parts, Span("  "))
