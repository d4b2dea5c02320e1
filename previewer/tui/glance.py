"""A short look at one row of the home table: its last log lines, its commits, how far it is from others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from previewer.domain.commit.revision import Commit, FileChange
from previewer.domain.environment.environment import Environment, OverviewRow, State
from previewer.domain.record.notes import LedgerEntry
from previewer.engine.protocol import LogLine, LogOptions
from previewer.errors import PreviewerError
from previewer.operations.diff import Difference, diff
from previewer.operations.lists import list_commits, list_history
from previewer.operations.logs import attempt_lines, open_logs
from previewer.operations.router import measure_requests
from previewer.session.session import Session
from previewer.tui.present.log_levels import Level, level_of

MOST_APART = 200
"""Commits that are counted at most."""
COMMITS = 8
LOG_LINES = 6
"""Of each container."""
ATTEMPT_LINES = 12
"""Of all containers of an attempt that failed."""


class GlanceScope(Struct, frozen=True):
    """What a row is compared with."""

    default_commit: str | None = None
    """The default branch's tip."""
    production: Environment | None = None


class Glance(Struct, frozen=True):
    """What was found; what could not be read is left out."""

    key: tuple[str, str]
    """The commit, and the environment's name: of what this is."""
    ahead: int | None = None
    """Commits that the default branch does not have."""
    behind: int | None = None
    commit: Commit | None = None
    """What the environment runs."""
    commits: tuple[Commit, ...] = ()
    """The newest ones, of a row without an environment."""
    files: tuple[FileChange, ...] = ()
    """What the newest of them changed."""
    lines: tuple[LogLine, ...] = ()
    """The last lines of its services, oldest first; of a failed one only those of services that failed."""
    telling_line: str = ""
    """Of what failed: the line that most likely says why."""
    difference: Difference | None = None
    """From production's release to its own."""
    entries: tuple[LedgerEntry, ...] = ()
    """What was done to it, newest first."""
    requests_per_minute: int | None = None
    """By its names; ``None`` where no router leads to it."""


def key_of(row: OverviewRow) -> tuple[str, str]:
    """What a glance at the row is told by."""
    environment = row.environment
    commit = environment.ownership.commit if environment else row.branch.commit if row.branch else ""
    return commit, environment.name if environment else ""


def glance(session: Session, row: OverviewRow, scope: GlanceScope) -> Glance:
    """Look at it. Blocks; where something cannot be read, the rest is there all the same."""
    commit, name = key_of(row)
    environment = row.environment
    tip = row.branch.commit if row.branch else commit
    ahead = commits_apart(session, scope.default_commit, tip) if scope.default_commit else None
    behind = commits_apart(session, tip, scope.default_commit) if scope.default_commit else None
    found = Glance((commit, name), ahead, behind)
    if environment is None:
        commits = _or_nothing(lambda: list_commits(session, tip, limit=COMMITS)) or ()
        files = _or_nothing(lambda: session.source.changed_files(commits[1].id, tip)) if len(commits) > 1 else ()
        attempt = row.attempt
        lines = (attempt and _or_nothing(lambda: attempt_lines(session, attempt))) or ()
        told = telling_line([one.text for one in lines])
        return Glance(
            found.key,
            ahead,
            behind,
            commits=commits,
            files=files or (),
            lines=lines[-ATTEMPT_LINES:],
            telling_line=told,
        )
    production = scope.production
    difference = None
    if production is not None and production.ownership.release != environment.ownership.release:
        difference = _or_nothing(lambda: diff(session, production.name, environment.name))
    return Glance(
        found.key,
        ahead,
        behind,
        commit=session.source.find_commit(commit),
        lines=_or_nothing(lambda: _last_lines(session, environment)) or (),
        difference=difference,
        entries=_or_nothing(lambda: list_history(session, environment=environment.name, limit=3)) or (),
        requests_per_minute=measure_requests(session, [environment]).get(environment.name),
    )


def commits_apart(session: Session, old: str, new: str) -> int | None:
    """How many commits ``new`` has and ``old`` has not; ``None`` where the clone does not have both."""
    if old == new:
        return 0
    return _or_nothing(lambda: len(session.source.commits_between(old, new, limit=MOST_APART)))


def telling_line(texts: Sequence[str]) -> str:
    """The last line that calls itself an error, else the last that says anything; a traceback ends with its."""
    said = [text for text in texts if text.strip()]
    loud = (text for text in reversed(said) if level_of(text) is Level.ERROR and "Traceback" not in text)
    return next(loud, said[-1] if said else "").strip()


def _last_lines(session: Session, environment: Environment) -> tuple[LogLine, ...]:
    failed = {service.name for service in environment.services if service.state is State.FAILED}
    stream = open_logs(session, environment.name, options=LogOptions(tail=LOG_LINES))
    try:
        lines = [line for batch in stream for line in batch if not failed or line.service in failed]
    finally:
        stream.close()
    return tuple(lines[-LOG_LINES * 2 :])


Answer = TypeVar("Answer")


def _or_nothing(read: Callable[[], Answer]) -> Answer | None:
    try:
        return read()
    except PreviewerError:
        return None
