"""Production, staging and their parity as three cards above the home table, with the way on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage
from previewer.domain.environment.environment import Environment
from previewer.domain.parity.compare import FULL
from previewer.domain.record.notes import FailedAttempt
from previewer.domain.units import counted
from previewer.present.values import Span, Tone, age, duration, size, time_left
from previewer.tui.context import AppState
from previewer.tui.glance import MOST_APART
from previewer.tui.job_kinds import known_good_others
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.notices import failure_word
from previewer.tui.present.pinned import PINNED_ROLES, ROLE_KEYS
from previewer.tui.present.states import attempt_line, differences_of, sign_words, state_line
from previewer.tui.present.text import Line, cut_line, join, line, quiet
from previewer.tui.present.usage import percent, sparkline

CARD_LINES = 4
_GAP = Span("  ")
SPARK_WIDTH = 8


class Card(Struct, frozen=True):
    """One of them."""

    title: str
    lines: tuple[Line, ...]


def cards(
    state: AppState,
    *,
    now: datetime,
    width: int,
    key_of: Callable[[str], str],
    usage_of: Callable[[Environment], Usage | None],
) -> tuple[Card, ...]:
    """All three, each line in at most ``width`` cells."""
    found = [_role_card(role, state, now, key_of, usage_of) for role in PINNED_ROLES]
    found.append(Card("PARITY", _parity_lines(state, key_of)))
    return tuple(
        Card(card.title, tuple(cut_line(one, width) for one in card.lines[:CARD_LINES])) for card in found
    )


def commits_words(number: int) -> str:
    """``4 commits``; ``200 commits or more`` where it was not counted further."""
    return counted(number, "commit") + (" or more" if number == MOST_APART else "")


def _role_card(
    role: Role,
    state: AppState,
    now: datetime,
    key_of: Callable[[str], str],
    usage_of: Callable[[Environment], Usage | None],
) -> Card:
    title = role.value.upper()
    if state.environments is None:
        error = state.engine_error
        unknown = f"? not known: {failure_word(error)}" if error is not None else "…"
        return Card(title, (line(Span(unknown, Tone.QUIET)),))
    environment = next((e for e in state.environments if e.role is role), None)
    if environment is None and (attempt := state.role_attempts.get(role)) is not None:
        return Card(title, _attempt(attempt, role, state, now, key_of))
    if environment is None:
        how = line(Span(key_of("up"), Tone.ACCENT), Span(" on a branch, then ", Tone.QUIET))
        return Card(
            title, (line(Span("○ not running", Tone.QUIET)), (*how, *line(Span(ROLE_KEYS[role], Tone.STRONG))))
        )
    shown = state_line(environment.state)
    if state.engine_error is not None:
        shown = quiet(shown)
    head = join((shown, _revision(environment, state), _up_for(environment, now)), _GAP)
    return Card(
        title,
        (
            head,
            ailment_line(environment) or _integrity(environment, state.drift(environment), now),
            _way_on(role, state, key_of) or line(Span(environment.url or "", Tone.ACCENT)),
            _usage(usage_of(environment)),
        ),
    )


def _attempt(
    attempt: FailedAttempt, role: Role, state: AppState, now: datetime, key_of: Callable[[str], str]
) -> tuple[Line, ...]:
    """Why it did not come up, and how to try again."""
    again = line(Span(key_of("up"), Tone.ACCENT), Span(" on a branch, then ", Tone.QUIET))
    return (
        join((attempt_line(attempt, now), _named(attempt.commit, attempt.branch, state)), _GAP),
        line(Span(attempt.reason, Tone.BAD)),
        (*again, *line(Span(ROLE_KEYS[role], Tone.STRONG), Span(" tries again", Tone.QUIET))),
        line(Span("a click shows its last lines", Tone.QUIET)),
    )


def _revision(environment: Environment, state: AppState) -> Line:
    """``v1.1.0 3ebe7f7``: by tag or branch, where there is one."""
    return _named(environment.ownership.commit, environment.ownership.branch, state)


def _named(commit: str, branch: str | None, state: AppState) -> Line:
    name = state.tag_of(commit) or branch or ""
    return line(Span(name, Tone.STRONG), " " if name else "", Span(short_id(commit)[:7], Tone.QUIET))


def _up_for(environment: Environment, now: datetime) -> Line:
    since = environment.notes.asleep_since
    return line(Span(f"{'asleep' if since else 'up'} {age(since or environment.created_at, now)}", Tone.QUIET))


def _integrity(environment: Environment, drift: EnvironmentDrift | None, now: datetime) -> Line:
    signs = sign_words(environment, drift)
    if not signs and drift is not None and not differences_of(drift):
        signs = line(Span("✔ as frozen", Tone.GOOD))
    good = known_good_others(environment)
    back = line(Span(f"⟲ {short_id(good[0].release)[:7]} known good", Tone.QUIET)) if good else ()
    expires = environment.expires_at
    ends = line(Span("expires in ", Tone.QUIET), time_left(expires, now)) if expires else ()
    return join((signs, back, ends), _GAP)


def _way_on(role: Role, state: AppState, key_of: Callable[[str], str]) -> Line:
    if role is not Role.STAGING or not state.commits_ahead:
        return ()
    ahead = commits_words(state.commits_ahead)
    return line(
        Span(f"↑ {ahead} ahead", Tone.ACCENT), _GAP, Span(key_of("promote"), Tone.ACCENT), " promotes them"
    )


def _usage(usage: Usage | None) -> Line:
    if usage is None:
        return ()
    return line(
        Span("cpu ", Tone.QUIET),
        Span(sparkline(usage.history, SPARK_WIDTH), Tone.GOOD),
        f" {percent(usage.cpu):>6}",
        Span("   mem ", Tone.QUIET),
        size(usage.memory),
    )


def _parity_lines(state: AppState, key_of: Callable[[str], str]) -> tuple[Line, ...]:
    key = key_of("parity")
    if state.roles_parity is None:
        error = state.engine_error
        return (line(Span(f"? not known: {failure_word(error)}" if error is not None else "…", Tone.QUIET)),)
    parity = state.roles_parity.parity
    if parity is None:
        return (
            line(Span(f"○ {state.roles_parity.reason}", Tone.QUIET)),
            line(Span(key, Tone.ACCENT), Span(" compares their definitions", Tone.QUIET)),
        )
    is_full = parity.score == FULL
    score = Span(f"{'✔' if is_full else '≠'} {parity.score} %", Tone.GOOD if is_full else Tone.WARN)
    counts = Span(f"   {len(parity.undeclared)} undeclared · {len(parity.declared)} declared", Tone.QUIET)
    seconds = parity.age.total_seconds()
    newer = parity.right.role if seconds > 0 else parity.left.role
    between = f"{newer.value} is newer by {duration(abs(seconds))}" if seconds else "both run the same commit"
    return (
        line(score, counts),
        line(Span(between, Tone.QUIET)),
        line(Span(key, Tone.ACCENT), Span(" side by side", Tone.QUIET)),
    )
