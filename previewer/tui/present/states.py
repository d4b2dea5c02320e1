"""States as a glyph, a word and a style, and the signs beside them."""

from __future__ import annotations

from datetime import datetime

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Change
from previewer.domain.drift.finding import Severity
from previewer.domain.environment.environment import Environment, State
from previewer.domain.progress import Outcome
from previewer.domain.record.notes import FailedAttempt
from previewer.domain.release.attestation import Signature
from previewer.domain.units import counted
from previewer.present.values import SIGNS, Span, Tone, duration, signed, time_left
from previewer.tui.present.text import Line, join, line

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8


def state_line(state: State) -> Line:
    """``● healthy``."""
    return (signed(state.value),)


def attempt_line(attempt: FailedAttempt, now: datetime) -> Line:
    """``✖ failed 2m``."""
    return (signed(State.FAILED.value), Span(" "), Span(duration((now - attempt.at).total_seconds()), Tone.QUIET))


def severity_line(severity: Severity, *, is_dimmed: bool = False) -> Line:
    """``✖ high``."""
    shown = signed(severity.value)
    return (Span(shown.text, Tone.QUIET) if is_dimmed else shown,)


def change_line(change: Change) -> Line:
    """``+ added``."""
    return (signed(change.value, text=f"{change.value:<7}"),)


def signature_line(signature: Signature) -> Line:
    """``✔ good, Ada <ada@example.org>``."""
    words = ", ".join(word for word in (signature.verdict.value, signature.signer, signature.reason) if word)
    return line(signed(signature.verdict.value, text=words))


def outcome_glyph(outcome: Outcome) -> Span:
    """The glyph of how a task ended."""
    return SIGNS[outcome.value]


def spinner(seconds: float) -> Span:
    """The glyph of something that has run for ``seconds``."""
    return Span(SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)], Tone.BUSY)


BEHIND_SIGN = "↑"
"""The branch has a newer tip."""
TAINT_SIGN = "⚑"
"""It was touched and must no longer be trusted."""
DRIFT_SIGN = "≠"
"""It is not as it was frozen."""
FAILED_SIGN = "✖"
"""Its last update failed."""


UNJUDGED = frozenset({"release-unknown"})
"""Findings that say that it cannot be compared here: it is not known to differ."""


def differences_of(drift: EnvironmentDrift | None) -> int:
    """How many findings say that something differs."""
    return sum(finding.kind not in UNJUDGED for finding in drift.findings) if drift is not None else 0


def sign_line(environment: Environment, drift: EnvironmentDrift | None, *, is_behind: bool) -> Line:
    """`` ↑⚑``: nothing for an environment that is as it should be."""
    signs: list[Span] = []
    if is_behind:
        signs.append(Span(BEHIND_SIGN, Tone.ACCENT))
    if environment.notes.failed:
        signs.append(Span(FAILED_SIGN, Tone.BAD))
    if environment.is_tainted:
        signs.append(Span(TAINT_SIGN, Tone.BAD))
    elif differences_of(drift):
        signs.append(Span(DRIFT_SIGN, Tone.WARN))
    return (Span(" "), *signs) if signs else ()


def sign_words(environment: Environment, drift: EnvironmentDrift | None = None) -> Line:
    """``⚑ tainted  ≠ 3 findings  pinned``."""
    parts: list[Line] = []
    if environment.is_tainted:
        parts.append((Span(f"{TAINT_SIGN} tainted", Tone.BAD),))
    elif found := differences_of(drift):
        parts.append((Span(f"{DRIFT_SIGN} {counted(found, 'finding')}", Tone.WARN),))
    if environment.notes.pinned:
        parts.append((Span("pinned", Tone.ACCENT),))
    return join(parts, Span("  "))


def lifetime(environment: Environment, now: datetime) -> Line:
    """Until it expires; one that is pinned says so."""
    if environment.notes.pinned:
        return (Span("pinned", Tone.ACCENT),)
    return (time_left(environment.expires_at, now),)
