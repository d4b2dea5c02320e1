"""The home table: branches with their environments, as lines that fit a width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Branch, short_id
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.present.values import Span, Tone, age
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.states import lifetime, sign_line, sign_words, state_line
from previewer.tui.present.tables import Column, share_out
from previewer.tui.present.text import Line, line, quiet

_ESSENTIAL = (
    Column("mark", "", 1),
    Column("branch", "Branch", 20, share=3, most=44),
    Column("state", "State", 15),
    Column("url", "URL", 15, share=2, most=44),
    Column("left", "TTL left", 8, align_right=True),
    Column("age", "Age", 6, align_right=True),
)
_ADDED = (
    (96, Column("subject", "Last commit", 16, share=5)),
    (132, Column("author", "Author", 12, share=1, most=22)),
    (124, Column("notes", "Notes", 9, share=1, most=30)),
    (112, Column("sync", "Sync", 7)),
    (150, Column("commit", "Commit", 12)),
    (180, Column("environment", "Environment", 20, share=2, most=40)),
    (180, Column("release", "Release", 12)),
)
_ORDER = (
    "mark",
    "branch",
    "state",
    "url",
    "notes",
    "left",
    "age",
    "commit",
    "author",
    "sync",
    "subject",
    "environment",
    "release",
)


def fit_columns(width: int, longest: Mapping[str, int] | None = None) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells, in their order, the width that is left shared out.

    ``longest`` says how wide their content is: no column gets wider, and what is empty everywhere is left out.
    """
    added = [column for least, column in _ADDED if width >= least]
    chosen = [*_ESSENTIAL, *(column for column in added if longest is None or longest.get(column.key, 1))]
    chosen.sort(key=lambda column: _ORDER.index(column.key))
    return share_out(chosen, width, longest)


MARK = "▌"
CURRENT_SIGN = "*"
"""After the branch that the repository has checked out, as ``git branch`` has it."""
NOTHING = (Span("–", Tone.QUIET),)


class HomeRow(Struct, frozen=True):
    """One row, complete."""

    key: str
    """Stable for as long as the branch and the environment exist."""
    source: OverviewRow
    search_text: str
    """What the filter looks through, folded."""


def home_rows(rows: Sequence[OverviewRow]) -> tuple[HomeRow, ...]:
    """The rows in the order they are shown: those with an environment first, otherwise as given."""
    ordered = sorted(rows, key=lambda row: row.environment is None)
    return tuple(HomeRow(_key(row), row, _search_text(row)) for row in ordered)


def filter_rows(rows: Sequence[HomeRow], text: str) -> tuple[HomeRow, ...]:
    """The rows that contain every word of ``text``, wherever and in whatever case."""
    words = text.casefold().split()
    if not words:
        return tuple(rows)
    return tuple(row for row in rows if all(word in row.search_text for word in words))


def row_lines(
    row: OverviewRow,
    *,
    now: datetime,
    is_marked: bool,
    task: Line = (),
    drift: EnvironmentDrift | None = None,
    is_stale: bool = False,
) -> Mapping[str, Line]:
    """The row's line for every column there is. ``task`` stands in for the state while work is under way.

    ``is_stale``: the engine does not answer any more, so how the environment is now is not known.
    """
    found: dict[str, Line] = {"mark": (Span(MARK, Tone.ACCENT),) if is_marked else ()}
    found.update(_branch_lines(row.branch, now) if row.branch else _orphan_lines(row, now))
    found.update(_environment_lines(row.environment, now, drift, is_behind=row.is_behind))
    if row.environment is not None and row.environment.role is not Role.PREVIEW:
        found["branch"] = (*found["branch"], Span(f" {row.environment.role.value}", Tone.ACCENT))
    if task:
        found["state"] = task
    elif is_stale:
        found |= {key: quiet(found[key]) for key in ("state", "url")}
    return found


def _branch_lines(branch: Branch, now: datetime) -> dict[str, Line]:
    name = Span(branch.remote_name or branch.name, Tone.STRONG if branch.is_current else Tone.PLAIN)
    remote = branch.name.removesuffix(branch.remote_name) if branch.remote_name else ""
    return {
        "branch": line(Span(remote, Tone.QUIET), name, CURRENT_SIGN if branch.is_current else ""),
        "age": line(age(branch.committed_at, now)),
        "commit": line(Span(branch.short, Tone.QUIET)),
        "author": line(branch.author),
        "subject": line(branch.subject),
        "sync": sync_line(branch.ahead, branch.behind),
    }


def _orphan_lines(row: OverviewRow, now: datetime) -> dict[str, Line]:
    """Lines of an environment that was made for a tag or a commit, or whose branch is not in this clone."""
    if row.environment is None:
        return {"branch": NOTHING}
    ownership, commit = row.environment.ownership, row.commit
    name = ownership.branch or f"commit {short_id(ownership.commit)}"
    facts: dict[str, Line] = {
        "branch": line(Span(name, Tone.QUIET)),
        "commit": line(Span(short_id(ownership.commit), Tone.QUIET)),
        "sync": line(Span("gone", Tone.WARN)) if ownership.branch and commit else (),
    }
    if commit is None:
        return {**facts, "subject": line(Span("its commit is not in this clone", Tone.QUIET))}
    return {
        **facts,
        "age": line(age(commit.committed_at, now)),
        "author": line(commit.author),
        "subject": line(Span("(its branch is gone) " if ownership.branch else "", Tone.QUIET), commit.subject),
    }


def _environment_lines(
    environment: Environment | None, now: datetime, drift: EnvironmentDrift | None, *, is_behind: bool
) -> dict[str, Line]:
    if environment is None:
        return {"state": NOTHING, "url": (), "left": (), "environment": (), "release": (), "notes": ()}
    return {
        "state": (*state_line(environment.state), *sign_line(environment, drift, is_behind=is_behind)),
        "url": ailment_line(environment) or line((environment.url or "").removeprefix("http://")),
        "left": lifetime(environment, now),
        "notes": sign_words(environment, drift),
        "environment": line(environment.name),
        "release": line(Span(short_id(environment.ownership.release), Tone.QUIET)),
    }


def sync_line(ahead: int | None, behind: int | None) -> Line:
    """``↑2 ↓1`` of a branch and its upstream; ``=`` for equal ones, empty without an upstream."""
    if ahead is None or behind is None:
        return ()
    if not (ahead or behind):
        return line(Span("=", Tone.QUIET))
    parts = (f"↑{ahead}" if ahead else "", f"↓{behind}" if behind else "")
    return line(" ".join(part for part in parts if part))


def _key(row: OverviewRow) -> str:
    branch = row.branch.name if row.branch else ""
    environment = row.environment.name if row.environment else ""
    return f"{branch}\0{environment}"


def _search_text(row: OverviewRow) -> str:
    words: list[str] = []
    if row.branch:
        words += [row.branch.name, row.branch.author, row.branch.subject, row.branch.short]
    if row.environment:
        words += [row.environment.name, row.environment.state.value, row.environment.role.value]
        words += [row.environment.ownership.commit, *row.environment.urls]
        words += [row.commit.author, row.commit.subject] if row.commit else []
        words += ["pinned"] if row.environment.notes.pinned else []
        words += ["tainted"] if row.environment.is_tainted else []
    return "\n".join(words).casefold()
