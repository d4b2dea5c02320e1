"""What the ledger remembers of earlier attempts, so that a watch that starts anew does not repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from previewer.domain.environment import Environment
from previewer.domain.history import LedgerEntry
from previewer.domain.naming import environment_name
from previewer.domain.watching import Attempt, Progress, WatchRules
from previewer.errors import PreviewerError
from previewer.operations.session import Session

FAILED = "fail"
"""The action of an entry that says that a watched branch could not be brought up."""
LOOKED_AT = 2000
"""Entries, newest first: an environment whose last one is older than that is tried again."""
_PROGRESS = {"down": Progress.TAKEN_DOWN, FAILED: Progress.FAILED}


def remembered_attempts(
    session: Session, rules: WatchRules, branches: Mapping[str, str], environments: Iterable[Environment]
) -> dict[str, Attempt]:
    """By environment, for those branches whose environment's newest entry says that it failed or was removed."""
    names = {environment_name(rules.project, branch): branch for branch in branches if rules.covers(branch)}
    names |= {e.name: e.ownership.branch for e in environments if e.ownership.branch is not None}
    found: dict[str, Attempt] = {}
    seen: set[str] = set()
    for entry in session.ledger.entries(limit=LOOKED_AT):
        name = entry.environment
        if name is None or name in seen or name not in names:
            continue
        seen.add(name)
        if (progress := _PROGRESS.get(entry.action)) is not None and entry.commit:
            found[name] = Attempt(names[name], entry.commit, progress)
    return found


def remember_failure(session: Session, name: str, attempt: Attempt, error: PreviewerError) -> None:
    """Write into the history that a branch's commit could not be brought up, and why."""
    session.ledger.append(
        LedgerEntry(
            action=FAILED,
            at=session.clock(),
            actor=session.source.actor,
            environment=name,
            commit=attempt.commit,
            detail=f"{attempt.branch}: {error}",
        )
    )
