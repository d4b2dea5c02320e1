"""The newest run wins: a later one for the same branch or environment stops the one that works for it already.

Each run writes a claim into the repository's references, over whatever claim is there, and looks once a second
whether it still is the last one. That works between processes and threads alike, and the claim of a run that was
killed blocks no other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import ResolvedRevision, short_id
from previewer.domain.record.notes import RunLease, is_superseded
from previewer.domain.stored import from_bytes, to_bytes
from previewer.errors import CancelledError, LockedError, PreviewerError, SupersededError
from previewer.ledger.protocol import RecordKind
from previewer.session.run import Run
from previewer.session.session import Session

T = TypeVar("T")

POLL_SECONDS = 1.0
SEEN_SECONDS = 5.0
"""After which every run that lives has looked."""
PATIENCE_SECONDS = 60.0
"""Seconds that a run which was told to stop may take to undo what it made."""
CLAIM_COUNTS = timedelta(days=1)
"""How long a claim counts; an older one was left by a killed run."""
_PAUSE_SECONDS = 0.5
_FILE = "claim.json"


@dataclass(slots=True)
class NewestRun:
    """A run that goes on until it is interrupted or a later one begins."""

    run: Run
    """The run for everything that follows: a later run interrupts it, too."""
    has_predecessor: bool
    """Whether another run's claim was there: that run may still be undoing what it made."""
    superseded_by: list[RunLease] = field(default_factory=list)
    """The later run's claim, once there is one."""
    began: float = field(default_factory=time.monotonic)
    """When it began: seconds of the monotonic clock."""

    def when_unlocked(self, action: Callable[[], T]) -> T:
        """``action``, tried again while the predecessor still holds the lock that it takes first.

        Raises :class:`LockedError` where another run has the lock, or it is held for too long.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return action()
            except LockedError:
                if not self.has_predecessor or time.monotonic() > deadline:
                    raise
            self.run.cancellation.wait(_PAUSE_SECONDS)
            self.run.cancellation.check()


@contextmanager
def newest_run(run: Run, subject: str, resolved: ResolvedRevision) -> Iterator[NewestRun]:
    """Stop earlier runs that have claimed ``subject`` for another commit; stop when a later one does so.

    A revision that names no branch has no newer commits: it neither stops a run nor is stopped. Raises
    :class:`SupersededError` in the place of :class:`CancelledError` where that is why the block ended.
    """
    session = run.session
    if resolved.branch is None:
        yield NewestRun(run, has_predecessor=False)
        return
    ours = RunLease(resolved.commit.id, session.source.actor, session.new_id())
    before = _stored(session, subject)
    newest = NewestRun(
        run.interrupted_by(Cancellation()), has_predecessor=before is not None and not before.is_ended
    )
    _store(session, subject, ours)
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(session, subject, ours, newest, ended), name="previewer-newest", daemon=True
    )
    take_back = run.cancellation.on_request(newest.run.cancellation.request)
    watcher.start()
    try:
        yield newest
    except CancelledError as error:
        if not newest.superseded_by or run.cancellation.requested:
            raise
        raise _superseded(subject, ours, newest.superseded_by[0]) from error
    finally:
        take_back()
        ended.set()
        watcher.join()
        _end(session, subject, ours, newest)


@contextmanager
def claimed(session: Session, subject: str, commit: str) -> Iterator[None]:
    """Let pruning know, inside the block, that a release of ``commit`` is about to run. It blocks no other run."""
    ours = RunLease(commit, session.source.actor, session.new_id())
    _store(session, subject, ours)
    try:
        yield
    finally:
        if (stored := _stored(session, subject)) is not None and stored.token == ours.token:
            session.ledger.remove_record(RecordKind.CLAIM, subject)


def claimed_commits(session: Session) -> frozenset[str]:
    """The commits that runs of this repository freeze or bring up now."""
    oldest = session.clock() - CLAIM_COUNTS
    young = (name for name, at in session.ledger.record_times(RecordKind.CLAIM).items() if at >= oldest)
    claims = (_stored(session, name) for name in young)
    return frozenset(lease.commit for lease in claims if lease is not None and not lease.is_ended)


def _watch(session: Session, subject: str, ours: RunLease, newest: NewestRun, ended: threading.Event) -> None:
    while not ended.wait(POLL_SECONDS):
        with suppress(PreviewerError):  # what goes wrong here says nothing about the run
            stored = _stored(session, subject)
            if stored is not None and is_superseded(ours, stored):
                newest.superseded_by.append(stored)
                newest.run.cancellation.request()
                return


def _stored(session: Session, subject: str) -> RunLease | None:
    held = session.ledger.read_record(RecordKind.CLAIM, subject, _FILE)
    if held is None:
        return None
    try:
        return from_bytes(held, RunLease)
    except ValueError:  # an unreadable one blocks no run, and is overwritten by the next
        return None


def _store(session: Session, subject: str, lease: RunLease) -> None:
    session.ledger.store_record(RecordKind.CLAIM, subject, {_FILE: to_bytes(lease)}, at=session.clock())


def _end(session: Session, subject: str, ours: RunLease, newest: NewestRun) -> None:
    """Take our claim back, unless a predecessor may not have seen it yet: that one takes it back when it ends."""
    stored = _stored(session, subject)
    if stored is None:
        return
    is_unseen = newest.has_predecessor and time.monotonic() - newest.began < SEEN_SECONDS
    if stored.token == ours.token and is_unseen:
        _store(session, subject, replace(ours, is_ended=True))
    elif stored.token == ours.token or stored.is_ended:
        session.ledger.remove_record(RecordKind.CLAIM, subject)


def _superseded(subject: str, ours: RunLease, theirs: RunLease) -> SupersededError:
    return SupersededError(
        f"superseded: {theirs.actor} began a later run, of {short_id(theirs.commit)}",
        where=subject,
        hint=f"the work for {short_id(ours.commit)} was undone; nothing failed",
    )
