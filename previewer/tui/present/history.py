"""Entries of the ledger, commits and releases, as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from previewer.domain.commit.revision import Commit, short_id
from previewer.domain.environment.environment import Environment
from previewer.domain.record.notes import LedgerEntry
from previewer.operations.lists import ListedRelease
from previewer.present.tables import Column, share_out
from previewer.present.values import Span, Tone, age
from previewer.tui.job_kinds import known_good_others
from previewer.tui.present.states import state_line
from previewer.tui.present.text import Line, line

_COLUMNS = (
    Column("sign", "", 1),
    Column("age", "Ago", 4, align_right=True),
    Column("action", "Action", 8),
    Column("release", "Release", 12),
    Column("actor", "By", 10, share=1, most=26),
    Column("detail", "Detail", 16, share=4),
)
_MOMENT = Column("at", "At (UTC)", 16)
_COMMIT = Column("commit", "Commit", 12)
_WIDE_FROM = 112
_LOUD = {"taint": Tone.BAD, "fail": Tone.BAD, "down": Tone.WARN, "rollback": Tone.WARN, "promote": Tone.ACCENT}


def fit_history_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    if width < _WIDE_FROM:
        return share_out(_COLUMNS, width, longest)
    return share_out((_COLUMNS[0], _MOMENT, *_COLUMNS[1:4], _COMMIT, *_COLUMNS[4:]), width, longest)


def history_lines(
    entry: LedgerEntry, *, now: datetime, runs: str = "", good: Collection[str] = ()
) -> Mapping[str, Line]:
    """An entry's row; ``runs`` is the release that the environment runs, ``good`` are those it can go back to."""
    sign = (
        Span("●", Tone.GOOD) if entry.release == runs else Span("⟲" if entry.release in good else "", Tone.ACCENT)
    )
    return {
        "sign": line(sign) if entry.release else (),
        "at": line(entry.at.strftime("%Y-%m-%d %H:%M")),
        "age": line(age(entry.at, now)),
        "action": line(Span(entry.action, _LOUD.get(entry.action, Tone.PLAIN))),
        "release": line(Span(short_id(entry.release) if entry.release else "", Tone.QUIET)),
        "commit": line(Span(short_id(entry.commit) if entry.commit else "", Tone.QUIET)),
        "actor": line(entry.actor),
        "detail": line(entry.detail),
    }


def history_title(*, can_go_back: bool, key: str) -> Line:
    """What the signs mean."""
    runs = line(Span("●", Tone.GOOD), Span(" it runs this release", Tone.QUIET))
    back = line(Span("   ⟲", Tone.ACCENT), Span(" known to be good: ", Tone.QUIET), Span(key, Tone.ACCENT))
    return (*runs, *back, Span(" goes back to it", Tone.QUIET)) if can_go_back else runs


def reason_not_to_go_back(entry: LedgerEntry | None, environment: Environment) -> str | None:
    """Why an entry's release cannot be gone back to, as a sentence; ``None`` where it can."""
    if entry is None or not entry.release:
        return "this entry is about no release"
    if entry.release == environment.ownership.release:
        return "it runs this very release"
    if entry.release not in {good.release for good in known_good_others(environment)}:
        return (
            "this release is not known to be good here: it never served, untouched, until another took its place"
        )
    return None


_COMMIT_COLUMNS = (
    Column("commit", "Commit", 12),
    Column("subject", "Subject", 24, share=1),
    Column("state", "State", 12),
    Column("author", "Author", 14, share=1, most=24),
    Column("age", "Age", 6, align_right=True),
)


def fit_commit_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    return share_out(_COMMIT_COLUMNS, width, longest)


def commit_lines(commit: Commit, environment: Environment | None, *, now: datetime) -> Mapping[str, Line]:
    """A commit's row, with the state of the environment that runs it, if any."""
    return {
        "commit": line(Span(commit.short, Tone.ACCENT)),
        "age": line(age(commit.committed_at, now)),
        "author": line(commit.author),
        "state": state_line(environment.state) if environment else (),
        "subject": line(commit.subject),
    }


_RELEASE_COLUMNS = (
    Column("mark", "", 1),
    Column("release", "Release", 12),
    Column("commit", "Commit", 12),
    Column("age", "Age", 6, align_right=True),
    Column("signed", "Signed", 6),
    Column("running", "Runs in", 16, share=2),
    Column("good", "Good in", 12, share=1),
    Column("definitions", "Definitions", 12, share=1, most=40),
    Column("images", "Images", 6, align_right=True),
)
_RELEASE_EXTRAS = ("definitions", "images")
"""Left out of narrow terminals."""


def fit_release_columns(width: int, longest: Mapping[str, int]) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells with content as wide as ``longest`` says."""
    chosen = [one for one in _RELEASE_COLUMNS if width >= _WIDE_FROM or one.key not in _RELEASE_EXTRAS]
    return share_out(chosen, width, longest)


def listed_release_lines(listed: ListedRelease, *, now: datetime, is_marked: bool) -> Mapping[str, Line]:
    """A release's row, its environments without the project's name before theirs."""
    release = listed.release

    def short(names: tuple[str, ...]) -> str:
        return ", ".join(name.removeprefix(f"{release.project}-") for name in names)

    running = line(Span("not known", Tone.QUIET)) if listed.running is None else line(short(listed.running))
    return {
        "mark": line(Span("▌", Tone.ACCENT)) if is_marked else (),
        "release": line(short_id(release.id)),
        "commit": line(Span(short_id(release.commit), Tone.QUIET)),
        "age": line(age(release.committed_at, now)),
        "signed": line(Span("✔ yes", Tone.GOOD) if listed.is_signed else Span("no", Tone.QUIET)),
        "running": running,
        "good": line(Span(short(listed.known_good), Tone.GOOD)),
        "definitions": line(Span(", ".join(release.definitions), Tone.QUIET)),
        "images": line(str(len(release.artifacts))),
    }
