"""What stands beside an environment's state: signs where there is little room, words where there is more."""

from __future__ import annotations

from previewer.domain.environment import Environment
from previewer.domain.wording import counted
from previewer.operations.drift import EnvironmentDrift
from previewer.tui.present.pieces import Line, Piece, Tone, join

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
