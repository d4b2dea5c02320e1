"""The strip above the home table: staging and production, running or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.compare import FULL
from previewer.errors import PreviewerError
from previewer.present.values import Span, Tone, ago, time_left
from previewer.tui.context import AppState
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.notices import failure_word
from previewer.tui.present.states import sign_words, state_line
from previewer.tui.present.text import Line, cut_line, join, join_fitting, line, quiet

PINNED_ROLES = (Role.PRODUCTION, Role.STAGING)
ROLE_KEYS = {Role.PREVIEW: "1", Role.STAGING: "2", Role.PRODUCTION: "3"}
"""The keys that choose a role on the screen that confirms an up."""
_NAME_WIDTH = 12
_SEPARATOR = Span("  ")


def pinned_lines(
    environments: Sequence[Environment] | None,
    *,
    now: datetime,
    width: int,
    up_key: str,
    error: PreviewerError | None = None,
) -> tuple[Line, ...]:
    """One line a pinned role, most important part first. ``None``: nothing is known of them yet.

    ``error`` is why not, where they could not be read.
    """
    lines: list[Line] = []
    for role in PINNED_ROLES:
        name = line(Span(f"{role.value:<{_NAME_WIDTH}}", Tone.STRONG))
        if environments is None:
            lines.append((*name, _unknown(error)))
            continue
        found = [environment for environment in environments if environment.role is role]
        if not found:
            reason = f"not running · press {up_key} on a branch, then {ROLE_KEYS[role]}"
            lines.append(cut_line((*name, Span(f"○ {reason}", Tone.QUIET)), width))
        facts = (
            _facts(environment, now, width - _NAME_WIDTH, is_stale=error is not None) for environment in found
        )
        lines.extend((*name, *fact) for fact in facts)
    return tuple(lines)


def parity_strip(app_state: AppState, *, width: int, key: str) -> tuple[Line, ...]:
    """How staging and production stand to each other, or why that is not known. One line, always."""
    name = line(Span(f"{'parity':<{_NAME_WIDTH}}", Tone.STRONG))
    return (cut_line((*name, *_parity(app_state, key)), width),)


def _parity(app_state: AppState, key: str) -> Line:
    if app_state.roles_parity is None:
        return (_unknown(app_state.engine_error),)
    parity = app_state.roles_parity.parity
    if parity is None:
        return line(Span(f"○ {app_state.roles_parity.reason} · {key} compares their definitions", Tone.QUIET))
    is_full = parity.score == FULL
    counts = f"{len(parity.undeclared)} undeclared, {len(parity.declared)} declared · {key} shows them"
    score = Span(f"{'✔' if is_full else '≠'} {parity.score} %", Tone.GOOD if is_full else Tone.WARN)
    return line(score, Span(f"  {counts}", Tone.QUIET))


def _unknown(error: PreviewerError | None) -> Span:
    return Span(f"? not known: {failure_word(error)}" if error is not None else "…", Tone.QUIET)


def _facts(environment: Environment, now: datetime, width: int, *, is_stale: bool) -> Line:
    ownership = environment.ownership
    expiry = (Span("expires in "), time_left(environment.expires_at, now)) if environment.expires_at else ()
    state = join((state_line(environment.state), ailment_line(environment)), _SEPARATOR)
    return join_fitting(
        (
            quiet(state) if is_stale else state,
            sign_words(environment),
            line(environment.url or ""),
            line(
                ownership.branch or "",
                " " if ownership.branch else "",
                Span(short_id(ownership.commit), Tone.QUIET),
            ),
            line(Span(f"made {ago(environment.created_at, now)}", Tone.QUIET)),
            expiry,
            line(Span(f"release {short_id(ownership.release)}", Tone.QUIET)),
        ),
        _SEPARATOR,
        width,
    )
