"""Environments that wait for capacity, and earlier attempts that the ledger remembers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from previewer.domain.deploy.watching import Attempt, Progress, WatchRules
from previewer.domain.environment.environment import Environment
from previewer.domain.naming import environment_name
from previewer.domain.record.notes import LedgerEntry
from previewer.errors import PreviewerError
from previewer.session.session import Session


class WatchQueue:
    """Environments that there was no room for. None is tried until there may be some, and then few at once."""

    def __init__(self, interval: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``interval`` is in seconds, until it is looked for room again; ``None`` for never."""
        self._interval = math.inf if interval is None else interval
        self._clock = clock
        self._waiting: dict[str, Attempt] = {}
        """Who waits longest comes first."""
        self._full_until = -math.inf

    @property
    def is_full(self) -> bool:
        """Whether it is known that there is no room."""
        return self._clock() < self._full_until

    @property
    def is_due(self) -> bool:
        """Whether an environment waits, and it is time to look for room again."""
        return bool(self._waiting) and not self.is_full

    def stay_full(self) -> None:
        """There still is no room."""
        self._full_until = self._clock() + self._interval

    def line_up(self, waiting: Mapping[str, Attempt]) -> tuple[str, ...]:
        """Who waits now, whether tried or not: newcomers stand at the end, and are returned."""
        newcomers = tuple(name for name in waiting if name not in self._waiting)
        self._waiting = {name: waiting[name] for name in (*self._waiting, *newcomers) if name in waiting}
        return newcomers

    def turn_away(self, name: str, attempt: Attempt) -> None:
        """There was no room for this one: it waits, behind all others."""
        self._waiting.pop(name, None)
        self._waiting[name] = attempt
        self.stay_full()

    def leave(self, name: str) -> None:
        """This one is up, or does not wait for room any more."""
        self._waiting.pop(name, None)

    def make_room(self) -> None:
        """Something has gone: there may be room."""
        self._full_until = -math.inf

    def attempts(self, free: int) -> Mapping[str, Attempt]:
        """Those that are not to be tried now. As soon as there may be room, the first ``free`` ones are."""
        return dict(islice(self._waiting.items(), 0 if self.is_full else free, None))


FAILED = "fail"
"""The action of an entry that says that a watched branch could not be brought up."""
LOOKED_AT = 2000
"""Entries, newest first: an environment whose last one is older than that is tried again."""
_PROGRESS = {"down": Progress.TAKEN_DOWN, FAILED: Progress.FAILED}


def remembered_attempts(
    session: Session, rules: WatchRules, branches: Mapping[str, str], environments: Iterable[Environment]
) -> dict[str, Attempt]:
    """Attempts by environment, where the branch's environment was last noted as failed or removed."""
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
