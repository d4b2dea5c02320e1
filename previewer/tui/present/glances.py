"""The pane beside the home table: everything worth knowing about the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from previewer.domain.commit.revision import Branch, BranchView, FileChange, RefKind, short_id
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage
from previewer.domain.environment.environment import Environment, OverviewRow, ServiceStatus, State
from previewer.domain.record.notes import FailedAttempt
from previewer.domain.units import counted
from previewer.operations.diff import Difference
from previewer.present.safe_text import plain, plain_log
from previewer.present.values import Span, Tone, age, ago, signed
from previewer.tui.context import AppState
from previewer.tui.glance import Glance
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.cards import commits_words
from previewer.tui.present.log_levels import level_tone
from previewer.tui.present.states import FAILED_SIGN, change_line, lifetime, sign_words, state_line
from previewer.tui.present.text import Line, cut, cut_line, hanging_indent, join, join_fitting, line, width_of
from previewer.tui.present.usage import cpu_line, memory_line

_SEPARATOR = Span(" · ", Tone.QUIET)
MOST_FILES = 6


def glance_lines(
    row: OverviewRow,
    state: AppState,
    glance: Glance | None,
    *,
    now: datetime,
    width: int,
    key_of: Callable[[str], str],
    usage_of: Callable[[Iterable[str]], Usage | None],
) -> tuple[Line, ...]:
    """Its lines, each in at most ``width`` cells. ``glance`` is ``None`` until it was looked at."""
    found = [*_head(row, state, glance, now, width)]
    if row.environment is not None:
        found += _environment_lines(row.environment, state, glance, now, width, usage_of)
    else:
        if row.attempt is not None:
            found = [*_attempt_lines(row.attempt, row.branch, glance, now, width, key_of), *found]
        found += _branch_lines(row, glance, now, width, key_of)
        found += _last_lines(glance, width)
    return tuple(cut_line(one, width) for one in found)


def _head(row: OverviewRow, state: AppState, glance: Glance | None, now: datetime, width: int) -> Iterator[Line]:
    environment, branch = row.environment, row.branch
    if environment is not None:
        drift = state.drift(environment)
        role = line(Span(environment.role.value, Tone.ACCENT))
        yield join((state_line(environment.state), role, sign_words(environment, drift)), _SEPARATOR)
        if ailment := ailment_line(environment):
            yield ailment
        if (failed := environment.notes.failed) is not None:
            yield line(Span(f"{FAILED_SIGN} update failed", Tone.BAD), Span(f" {ago(failed.at, now)}", Tone.QUIET))
            yield from _reason(failed.reason, width)
        if environment.url:
            yield line(Span(environment.url, Tone.ACCENT))
        if glance is not None and (rate := glance.requests_per_minute) is not None:
            yield line(Span(f"{counted(rate, 'request')} a minute", Tone.QUIET))
    identity = environment.ownership.commit if environment else branch.commit if branch else ""
    is_tip = branch is not None and branch.commit == identity
    commit = branch if is_tip else row.commit or (glance.commit if glance else None)
    tag = state.tag_of(identity)
    name = line(Span(f"{short_id(identity)[:7]} ", Tone.QUIET), Span(f"{tag} " if tag else "", Tone.STRONG))
    yield (*name, *line(commit.subject)) if commit is not None else name
    if commit is not None:
        yield line(Span(f"{commit.author} · {ago(commit.committed_at, now)}", Tone.QUIET))
    for about in (_apart(row, state.view, glance), _made(environment, now)):
        if about:
            yield about


def _apart(row: OverviewRow, view: BranchView, glance: Glance | None) -> Line:
    branch = row.branch
    is_default = branch is not None and branch.name == view.default
    if glance is None or is_default or view.default is None or glance.ahead is None or glance.behind is None:
        return _newer(row)
    name = branch.remote_name or branch.name if branch else ""
    words = [f"↑{glance.ahead} ↓{glance.behind} of {view.default}"]
    if branch is not None and branch.kind is RefKind.BRANCH:
        words.append("merged" if view.is_merged(name) else "not merged")
    return join((_newer(row), line(Span(" · ".join(words), Tone.QUIET))), _SEPARATOR)


def _newer(row: OverviewRow) -> Line:
    return line(Span("↑ the branch has a newer commit", Tone.ACCENT)) if row.is_behind else ()


def _made(environment: Environment | None, now: datetime) -> Line:
    if environment is None:
        return ()
    made = Span(f"made {ago(environment.created_at, now)} by {environment.ownership.owner}", Tone.QUIET)
    return line(made, Span(" · TTL ", Tone.QUIET), *lifetime(environment, now))


def _title(words: str, width: int) -> Line:
    return line(Span(f"─ {words} ", Tone.QUIET), Span("─" * max(0, width - len(words) - 3), Tone.QUIET))


def _environment_lines(
    environment: Environment,
    state: AppState,
    glance: Glance | None,
    now: datetime,
    width: int,
    usage_of: Callable[[Iterable[str]], Usage | None],
) -> Iterator[Line]:
    yield _title("services", width)
    longest = max((width_of(line(service.name)) for service in environment.services), default=0)
    for service in environment.services:
        yield _service_line(service, min(longest, 16), usage_of, width)
    drift = state.drift(environment)
    touches = drift.touches if drift is not None else ()
    if environment.notes.tainted or touches:
        yield _title("touched", width)
        if environment.notes.tainted and not touches:
            yield line(Span(environment.notes.tainted, Tone.BAD))
        for finding in touches[:3]:
            when = f"{ago(finding.at, now)} " if finding.at else ""
            yield line(
                Span(when, Tone.QUIET), Span(f"{finding.service} ", Tone.STRONG), Span(finding.what, Tone.BAD)
            )
    if environment.role is not Role.PRODUCTION and any(
        e.role is Role.PRODUCTION for e in state.environments or ()
    ):
        yield _title("against production", width)
        yield _difference_line(environment, state, glance)
    yield from _last_lines(glance, width)
    if glance is not None and glance.entries:
        yield _title("history", width)
        for done in glance.entries:
            yield line(
                Span(f"{age(done.at, now):>6}  ", Tone.QUIET), done.action, Span(f"  {done.actor}", Tone.QUIET)
            )


def _last_lines(glance: Glance | None, width: int) -> Iterator[Line]:
    if glance is None or not glance.lines:
        return
    yield _title("last lines", width)
    widest = max(width_of(line(entry.service)) for entry in glance.lines)
    for entry in glance.lines:
        text = plain_log(entry.text)
        name = f"{cut(plain(entry.service), 12):<{min(widest, 12)}}  "
        yield line(Span(name, Tone.QUIET), Span(text, level_tone(text)))


def _service_line(
    service: ServiceStatus, longest: int, usage_of: Callable[[Iterable[str]], Usage | None], width: int
) -> Line:
    usage = usage_of(container.name for container in service.containers)
    ports = " ".join(f":{port.url.rpartition(':')[2].rstrip('/')}" for port in service.ports)
    name = cut(plain(service.name), longest)
    state = state_line(service.state)
    gap = " " * (longest - width_of(line(name)) + 2)
    head = (*line(name, gap), *state, *line(" " * max(1, 12 - width_of(state))))
    figures = (cpu_line(usage), memory_line(usage), line(Span(ports, Tone.ACCENT)))
    return (*head, *join_fitting(figures, Span("  "), max(0, width - width_of(head))))


def _difference_line(environment: Environment, state: AppState, glance: Glance | None) -> Line:
    production = next(e for e in state.environments or () if e.role is Role.PRODUCTION)
    if production.ownership.release == environment.ownership.release:
        return line(Span("✔ the same release", Tone.GOOD))
    if glance is None:
        return line(Span("…", Tone.QUIET))
    if glance.difference is None:
        return line(Span("a release that is not in this clone", Tone.QUIET))
    return _change_words(glance.difference)


def _change_words(found: Difference) -> Line:
    added = sum(file.added_lines or 0 for file in found.files)
    removed = sum(file.removed_lines or 0 for file in found.files)
    parts = []
    if found.added_commits:
        parts.append(f"{commits_words(len(found.added_commits))} more")
    if found.removed_commits:
        parts.append(f"{commits_words(len(found.removed_commits))} fewer")
    if found.files:
        parts.append(f"{counted(len(found.files), 'file')} +{added} -{removed}")
    images = sorted({image.service for image in found.content.images})
    if images:
        parts.append(f"images of {', '.join(images)}")
    if found.content.packages:
        parts.append(counted(len(found.content.packages), "package"))
    return line(" · ".join(parts) or "nothing but the commit")


def _branch_lines(
    row: OverviewRow, glance: Glance | None, now: datetime, width: int, key_of: Callable[[str], str]
) -> Iterator[Line]:
    branch = row.branch
    kind = branch.kind.value if branch is not None else "commit"
    if row.attempt is not None:
        return
    yield line()
    yield line(
        Span("– nothing runs here   ", Tone.QUIET),
        Span(key_of("up"), Tone.ACCENT),
        Span(f" brings this {kind} up", Tone.QUIET),
    )
    if glance is None:
        return
    if glance.commits:
        yield _title("commits", width)
        for commit in glance.commits:
            when = Span(f"  {age(commit.committed_at, now):>6}", Tone.QUIET)
            yield _right(line(Span(f"{commit.short[:7]} ", Tone.QUIET), commit.subject), (when,), width)
    if glance.files:
        yield _title("the newest changes", width)
        for file in glance.files[:MOST_FILES]:
            yield _file_line(file)
        if len(glance.files) > MOST_FILES:
            yield line(Span(f"… {len(glance.files) - MOST_FILES} more", Tone.QUIET))


def _reason(text: str, width: int) -> tuple[Line, ...]:
    """Why something failed: not cut off."""
    return hanging_indent((line("  ", Span(text, Tone.BAD)),), width)


def _attempt_lines(
    attempt: FailedAttempt,
    branch: Branch | None,
    glance: Glance | None,
    now: datetime,
    width: int,
    key_of: Callable[[str], str],
) -> Iterator[Line]:
    """Why it did not come up, and what can be done about it."""
    yield line(signed(State.FAILED.value), Span(f" {ago(attempt.at, now)}", Tone.QUIET))
    yield from _reason(attempt.reason, width)
    if glance is not None and glance.telling_line:
        yield from _reason(plain_log(glance.telling_line), width)
    if branch is not None and branch.commit != attempt.commit:
        yield line(Span(f"  that was {short_id(attempt.commit)[:7]}; the branch has moved on", Tone.QUIET))
    hints = [("up", "tries again")]
    if glance is not None and glance.lines:
        hints.insert(0, ("logs", "shows its last lines"))
    yield join(
        [line(Span(key_of(key), Tone.ACCENT), Span(f" {does}", Tone.QUIET)) for key, does in hints], Span("   ")
    )


def _file_line(file: FileChange) -> Line:
    counts = f"  +{file.added_lines} -{file.removed_lines}" if file.added_lines is not None else ""
    sign = change_line(file.change)[0]
    return line(Span(sign.text[:2], sign.tone), file.path, Span(counts, Tone.QUIET))


def _right(left: Line, right: Line, width: int) -> Line:
    """``right`` at the right edge; ``left`` gives way."""
    room = max(0, width - width_of(right))
    shown = cut_line(left, room)
    return (*shown, Span(" " * (room - width_of(shown))), *right)
