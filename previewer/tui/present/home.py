"""The home table: branches with their environments, as lines that fit a width."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from previewer.deployment.drift import EnvironmentDrift
from previewer.domain.commit.revision import Branch, BranchView, RefKind, short_id
from previewer.domain.compose.definition import Role
from previewer.domain.engine.usage import Usage
from previewer.domain.environment.environment import SERVING, OverviewRow, State
from previewer.domain.naming import environment_name
from previewer.present.tables import CELL_PADDING, Column, share_out
from previewer.present.values import Span, Tone, age
from previewer.tui.present.ailments import ailment_line
from previewer.tui.present.states import attempt_line, lifetime, sign_line, sign_words, state_line
from previewer.tui.present.text import Line, line, quiet
from previewer.tui.present.usage import cpu_line, memory_line

NO_VIEW = BranchView()
_COLUMNS = (
    Column("mark", "", 1),
    Column("branch", "Branch", 20, share=3, most=44),
    Column("state", "State", 15),
    Column("cpu", "CPU", 11),
    Column("memory", "Mem", 5, align_right=True),
    Column("url", "URL", 15, share=2, most=44),
    Column("notes", "Notes", 9, share=1, most=30),
    Column("left", "TTL left", 8, align_right=True),
    Column("age", "Age", 6, align_right=True),
    Column("commit", "Commit", 12),
    Column("author", "Author", 12, share=1, most=22),
    Column("sync", "Sync", 7),
    Column("subject", "Last commit", 16, share=5),
    Column("environment", "Environment", 20, share=2, most=40),
    Column("release", "Release", 12),
)
"""In their order."""
_FIRST = ("mark", "branch", "state")
_WANTED = (
    "left",
    "age",
    "url",
    "subject",
    "cpu",
    "memory",
    "sync",
    "notes",
    "author",
    "commit",
    "environment",
    "release",
)
"""By how much a table without a pane needs them."""
_WANTED_BESIDE = ("cpu", "memory", "left", "sync", "age", "author", "subject", "url", "notes", "commit")
"""Beside a pane, which says the rest of the row under the cursor."""
_ALWAYS = frozenset({"left", "age", "url"})
"""Shown though they are empty everywhere."""


def fit_columns(
    width: int, longest: Mapping[str, int] | None = None, *, has_pane: bool = False
) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells, in their order, the width that is left shared out.

    ``longest`` says how wide their content is: no column gets wider, and what is empty everywhere is left out.
    """
    by_key = {column.key: column for column in _COLUMNS}
    chosen, left = set(_FIRST), width - sum(by_key[key].width + 2 * CELL_PADDING for key in _FIRST)
    for key in _WANTED_BESIDE if has_pane else _WANTED:
        needed = by_key[key].width + 2 * CELL_PADDING
        if needed <= left and (longest is None or key in _ALWAYS or longest.get(key)):
            chosen.add(key)
            left -= needed
    return share_out([column for column in _COLUMNS if column.key in chosen], width, longest)


MARK = "▌"
NO_VIEW = BranchView()
CURRENT_SIGN = "*"
"""After the branch that the repository has checked out, as ``git branch`` has it."""
NOTHING = (Span("–", Tone.QUIET),)


_UP = frozenset({*SERVING, State.STARTING})
_ILL = frozenset({State.FAILED, State.UNHEALTHY})


class Quick(NamedTuple):
    """A filter that one key sets."""

    label: str
    accepts: Callable[[OverviewRow, str], bool]
    """Whether it shows a row to the user of this name."""


STALE = timedelta(days=90)
"""A branch of which nothing runs, and whose tip is older."""
SORTS = ("activity", "name", "state", "age")
SORT_OF = {"mark": "activity", "branch": "name", "state": "state", "age": "age"}
"""The orders by the columns whose titles are clicked."""


def _is_mine(row: OverviewRow, user: str) -> bool:
    author = row.branch.author if row.branch else row.commit.author if row.commit else ""
    owner = row.environment.ownership.owner if row.environment else ""
    return bool(user) and (author == user or owner.rpartition("@")[0] == user)


def _is_ill(row: OverviewRow) -> bool:
    return row.environment is not None and row.environment.state in _ILL


def _is_elsewhere(row: OverviewRow) -> bool:
    return row.branch is not None and (row.branch.is_remote or row.branch.kind is not RefKind.BRANCH)


QUICK = (
    Quick("all", lambda _row, _user: True),
    Quick("up", lambda row, _user: row.environment is not None and row.environment.state in _UP),
    Quick("behind", lambda row, _user: row.is_behind),
    Quick("failed", lambda row, _user: row.failure is not None or _is_ill(row)),
    Quick("mine", _is_mine),
    Quick("elsewhere", lambda row, _user: _is_elsewhere(row)),
)
"""With the keys 1, 2, …; elsewhere: remote branches, tags and pull requests."""


class HomeRow(Struct, frozen=True):
    """One row, complete."""

    key: str
    """Stable for as long as the branch and the environment exist."""
    source: OverviewRow
    name: str
    """The branch as it is shown, for the filter to mark letters in."""
    folded_name: str
    search_text: str
    """What the filter looks through, folded."""


def home_rows(
    rows: Sequence[OverviewRow], view: BranchView = NO_VIEW, *, sort: str = SORTS[0]
) -> tuple[HomeRow, ...]:
    """The rows in the order they are shown.

    By activity: what has an environment, or failed to get one, first, then the checked-out and the default branch,
    then the rest as given, tags and pull requests last.
    """

    def rank(row: OverviewRow) -> int:
        if row.environment is not None or row.attempt is not None:
            return 0
        if row.branch is not None and (row.branch.is_current or row.branch.name == view.default):
            return 1
        return 3 if row.branch is not None and row.branch.kind is not RefKind.BRANCH else 2

    found = [HomeRow(_key(row), row, name := _name(row), name.casefold(), _search_text(row, view)) for row in rows]
    keys: Mapping[str, Callable[[HomeRow], tuple[object, ...]]] = {
        "activity": lambda row: (rank(row.source),),
        "name": lambda row: (row.folded_name,),
        "state": lambda row: (_state_rank(row.source),),
        "age": lambda row: (-_committed_at(row.source),),
    }
    found.sort(key=keys[sort])
    return tuple(found)


def filter_rows(rows: Sequence[HomeRow], text: str, *, quick: int = 0, user: str = "") -> tuple[HomeRow, ...]:
    """The rows that the quick filter shows and that match every word of ``text``.

    A word matches what it stands in, in whatever case, and a name that has its letters in this order.
    """
    accepts = QUICK[quick].accepts
    found = [row for row in rows if accepts(row.source, user)] if quick else list(rows)
    for word in text.casefold().split():
        letters = re.compile(".*?".join(map(re.escape, word)))
        found = [row for row in found if word in row.search_text or letters.search(row.folded_name)]
    return tuple(found)


def marked_name(name: str, text: str) -> frozenset[int]:
    """The places in a name that the filter's words match."""
    folded = name.casefold()
    places: set[int] = set()
    if len(folded) != len(name):
        return frozenset()
    for word in text.casefold().split():
        start = folded.find(word)
        if start >= 0:
            places.update(range(start, start + len(word)))
            continue
        at = -1
        found: list[int] = []
        for letter in word:
            at = folded.find(letter, at + 1)
            if at < 0:
                break
            found.append(at)
        else:
            places.update(found)
    return frozenset(places)


def row_lines(
    row: OverviewRow,
    *,
    now: datetime,
    is_marked: bool,
    task: Line = (),
    drift: EnvironmentDrift | None = None,
    is_stale: bool = False,
    view: BranchView = NO_VIEW,
    usage: Usage | None = None,
    search: str = "",
) -> Mapping[str, Line]:
    """The row's line for every column there is. ``task`` stands in for the state while work is under way.

    ``is_stale``: the engine does not answer any more, so how the environment is now is not known.
    """
    found: dict[str, Line] = {"mark": (Span(MARK, Tone.ACCENT),) if is_marked else ()}
    found.update(_branch_lines(row, row.branch, now, view) if row.branch else _orphan_lines(row, now, view))
    if search and (places := marked_name(_name(row), search)):
        found["branch"] = _with_marks(found["branch"], places)
    found |= {"cpu": cpu_line(usage), "memory": memory_line(usage)}
    found.update(_environment_lines(row, now, drift))
    if row.environment is not None and row.environment.role is not Role.PREVIEW:
        found["branch"] = (*found["branch"], Span(f" {row.environment.role.value}", Tone.ACCENT))
    if task:
        found["state"] = task
    elif is_stale:
        found |= {key: quiet(found[key]) for key in ("state", "url")}
    return found


def _with_marks(spans: Line, places: frozenset[int]) -> Line:
    """The name with these of its letters in the accent; what stands behind it stays as it is."""
    found: list[Span] = []
    start = 0
    for span in spans:
        for number, letter in enumerate(span.text, start):
            found.append(Span(letter, Tone.ACCENT if number in places else span.tone))
        start += len(span.text)
    return tuple(found)


def _branch_lines(row: OverviewRow, branch: Branch, now: datetime, view: BranchView) -> dict[str, Line]:
    name = Span(branch.remote_name or _name(row), Tone.STRONG if branch.is_current else Tone.PLAIN)
    remote = branch.name.removesuffix(branch.remote_name) if branch.remote_name else ""
    return {
        "branch": line(Span(remote, Tone.QUIET), name, CURRENT_SIGN if branch.is_current else ""),
        "age": line(age(branch.committed_at, now)),
        "commit": line(Span(branch.short, Tone.QUIET)),
        "author": line(branch.author),
        "subject": line(branch.subject),
        "sync": _standing(row, branch, now, view) or sync_line(branch.ahead, branch.behind),
    }


def _standing(row: OverviewRow, branch: Branch, now: datetime, view: BranchView) -> Line:
    """``tag``, ``PR``, ``remote``, ``merged``, ``stale``: the most telling of them."""
    if branch.kind is not RefKind.BRANCH:
        return line(Span("tag" if branch.kind is RefKind.TAG else "PR", Tone.QUIET))
    if view.is_merged(branch.remote_name or branch.name):
        return line(Span("merged", Tone.ACCENT))
    if branch.is_remote:
        return line(Span("remote", Tone.QUIET))
    is_default = branch.name == view.default
    is_stale = row.environment is None and not is_default and now - branch.committed_at > STALE
    return line(Span("stale", Tone.QUIET)) if is_stale and branch.ahead is None else ()


def _orphan_lines(row: OverviewRow, now: datetime, view: BranchView) -> dict[str, Line]:
    """Lines of an environment that was made for a commit, or whose branch is not in this clone."""
    if row.environment is None:
        return {"branch": NOTHING}
    ownership, commit = row.environment.ownership, row.commit
    is_gone = ownership.branch is not None and commit is not None and view.is_gone(ownership.branch)
    facts: dict[str, Line] = {
        "branch": line(Span(_name(row), Tone.QUIET)),
        "commit": line(Span(short_id(ownership.commit), Tone.QUIET)),
        "sync": line(Span("gone", Tone.WARN)) if is_gone else (),
    }
    if commit is None:
        return {**facts, "subject": line(Span("its commit is not in this clone", Tone.QUIET))}
    where = "(its branch is gone) " if is_gone else "(its branch is not here) " if ownership.branch else ""
    return {
        **facts,
        "age": line(age(commit.committed_at, now)),
        "author": line(commit.author),
        "subject": line(Span(where, Tone.QUIET), commit.subject),
    }


def _environment_lines(row: OverviewRow, now: datetime, drift: EnvironmentDrift | None) -> dict[str, Line]:
    environment, attempt = row.environment, row.attempt
    if environment is None:
        found: dict[str, Line] = dict.fromkeys(("url", "left", "environment", "release", "notes"), ())
        if attempt is None:
            return {**found, "state": NOTHING}
        reason = line(Span(attempt.reason, Tone.BAD))
        return {**found, "state": attempt_line(attempt, now), "url": reason}
    return {
        "state": (*state_line(environment.state), *sign_line(environment, drift, is_behind=row.is_behind)),
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
    """The cursor stays on a branch whose environment comes or goes: its own name says nothing new."""
    branch, environment = row.branch.name if row.branch else "", row.environment
    if environment is None:
        return f"{branch}\0"
    is_its_own = branch and environment.name == environment_name(environment.ownership.project, branch)
    return f"{branch}\0{'' if is_its_own else environment.name}"


def _name(row: OverviewRow) -> str:
    """What the row is called: the branch, the tag, ``pull request 7``, the commit."""
    if row.branch is not None:
        is_pull = row.branch.kind is RefKind.PULL_REQUEST
        return f"pull request {row.branch.name.split('/')[2]}" if is_pull else row.branch.name
    if row.environment is None:
        return ""
    ownership = row.environment.ownership
    return ownership.branch or f"commit {short_id(ownership.commit)}"


_STATE_RANK = {state: number for number, state in enumerate(State)}


def _state_rank(row: OverviewRow) -> int:
    """The worst state first, what has none last."""
    state = row.environment.state if row.environment else State.FAILED if row.attempt else None
    return 1 if state is None else -_STATE_RANK[state]


def _committed_at(row: OverviewRow) -> float:
    if row.branch is not None:
        return row.branch.committed_at.timestamp()
    return row.commit.committed_at.timestamp() if row.commit else 0.0


def _search_text(row: OverviewRow, view: BranchView) -> str:
    words: list[str] = []
    if row.branch:
        words += [_name(row), row.branch.author, row.branch.subject, row.branch.short, row.branch.kind.value]
        words += ["remote"] if row.branch.is_remote else []
        words += ["merged"] if view.is_merged(row.branch.remote_name or row.branch.name) else []
    if row.failure is not None:
        words += ["failed", row.failure.reason]
    if row.environment:
        words += [row.environment.name, row.environment.state.value, row.environment.role.value]
        words += [row.environment.ownership.commit, *row.environment.urls]
        words += [row.commit.author, row.commit.subject] if row.commit else []
        words += ["pinned"] if row.environment.notes.pinned else []
        words += ["tainted"] if row.environment.is_tainted else []
    return "\n".join(words).casefold()
