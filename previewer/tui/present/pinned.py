"""The strip above the home table: staging and production, running or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage
from previewer.domain.environment.environment import SERVING, Environment, State
from previewer.domain.parity.compare import FULL
from previewer.domain.units import counted
from previewer.errors import PreviewerError
from previewer.present.values import Span, Tone, ago, size, time_left
from previewer.tui.context import AppState
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.home import QUICK
from previewer.tui.present.notices import failure_word
from previewer.tui.present.states import attempt_line, sign_words, state_line
from previewer.tui.present.text import Line, cut_line, join, join_fitting, line, quiet, width_of
from previewer.tui.present.usage import cpu_line

PINNED_ROLES = (Role.PRODUCTION, Role.STAGING)
ROLE_KEYS = {Role.PREVIEW: "1", Role.STAGING: "2", Role.PRODUCTION: "3"}
"""The keys that choose a role on the screen that confirms an up."""
_NAME_WIDTH = 12
_SEPARATOR = Span("  ")


def pinned_lines(state: AppState, *, now: datetime, width: int, up_key: str) -> tuple[Line, ...]:
    """One line a pinned role, most important part first."""
    environments, error = state.environments, state.engine_error
    lines: list[Line] = []
    for role in PINNED_ROLES:
        name = line(Span(f"{role.value:<{_NAME_WIDTH}}", Tone.STRONG))
        if environments is None:
            lines.append((*name, _unknown(error)))
            continue
        found = [environment for environment in environments if environment.role is role]
        if not found and (attempt := state.role_attempts.get(role)) is not None:
            why = line(_SEPARATOR, Span(attempt.reason, Tone.BAD))
            lines.append(cut_line((*name, *attempt_line(attempt, now), *why), width))
        elif not found:
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


def counts_line(state: AppState) -> Line:
    """``13 branches · 7 up · 1 failed``."""
    words: list[Line] = []
    if state.branches is not None:
        words.append(line(Span(counted(len(state.branches), "branch", "branches"), Tone.QUIET)))
    if state.environments is not None:
        up = sum(environment.state in SERVING for environment in state.environments)
        failed = sum(environment.state is State.FAILED for environment in state.environments)
        words.append(line(Span(f"{up} up", Tone.QUIET)))
        failed += len(state.role_attempts)
        failed += sum(branch.name in state.attempts for branch in state.branches or ()) if state.attempts else 0
        if failed:
            words.append(line(Span(f"{failed} failed", Tone.BAD)))
    return join(words, Span(" · ", Tone.QUIET))


def total_line(usage: Usage | None) -> Line:
    """What is in sight uses together: ``1.9G ▁▂▂▃ 12 %``."""
    return line(size(usage.memory), " ", *cpu_line(usage)) if usage is not None else ()


def quick_line(counts: Sequence[int], chosen: int, *, sort: str, sort_key: str, width: int) -> Line:
    """``1 all 13 · 2 up 7 · …``, the chosen one loud, and the order at the right."""
    parts: list[Line] = []
    for number, (quick, count) in enumerate(zip(QUICK, counts, strict=True)):
        is_chosen = number == chosen
        tone = Tone.STRONG if is_chosen else Tone.QUIET
        label = line(Span(f"{number + 1} ", Tone.ACCENT), Span(f"{quick.label} {count}", tone))
        parts.append(line("[", *label, "]") if is_chosen else label)
    order = line(Span("by ", Tone.QUIET), sort, Span(f" {sort_key}", Tone.ACCENT))
    left = join(parts, Span(" · ", Tone.QUIET))
    gap = width - width_of(left) - width_of(order)
    return (*left, Span(" " * gap), *order) if gap > 1 else cut_line(left, width)


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
