"""Locks on environments: references that only one writer can create, and who holds one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from previewer.domain.naming import LOCK_REFS, slug
from previewer.domain.stored import Instant, from_bytes, to_bytes
from previewer.domain.units import format_time
from previewer.errors import LockedError, SourceError
from previewer.ledger.store import GitStore
from previewer.process_identity import ProcessIdentity, current_process, is_dead


class LockOwner(msgspec.Struct, frozen=True):
    """Who holds a lock, where, since when and why."""

    actor: str
    process: ProcessIdentity
    since: Instant
    purpose: str
    """``up shop-main``, for people."""
    token: str
    """Random: tells apart two locks that one process took in one second."""

    @property
    def is_dead(self) -> bool:
        """Whether the owner certainly does not exist any more."""
        return is_dead(self.process)

    def describe(self) -> tuple[str, ...]:
        """Lines for people."""
        return (
            f"held by {self.actor}, process {self.process.pid} on {self.process.host}",
            f"since {format_time(self.since)}",
            f"to {self.purpose}",
        )


TakeoverCallback = Callable[[str, LockOwner], None]
"""Is told the environment and the dead owner whose lock was taken over."""
ATTEMPTS = 20
"""Others may take and give back the lock between two looks at it; not for ever."""


class GitLocks:
    """Locks below ``refs/previewer/locks``, each pointing at a blob that says who holds it."""

    def __init__(
        self,
        store: GitStore,
        *,
        clock: Callable[[], datetime],
        actor: str,
        on_takeover: TakeoverCallback,
    ) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor
        self._on_takeover = on_takeover

    @contextmanager
    def hold(self, environment: str, *, purpose: str) -> Iterator[None]:
        """Hold the lock inside the block.

        Raises :class:`LockedError` where a running process has it, and :class:`SourceError` where it is free and
        git cannot write.
        """
        reference = f"{LOCK_REFS}/{slug(environment)}"
        try:
            blob = self._acquire(reference, environment, purpose)
        except SourceError:  # on a full disk, say, where all can still be read
            if (theirs := self._store.read_reference(reference)) is not None:
                self._dead_owner(environment, reference, theirs)
            raise
        try:
            yield
        finally:
            # False means that another run holds it by now: then it is not ours to release.
            self._store.swap(reference, old=blob, new=None)

    def _acquire(self, reference: str, environment: str, purpose: str) -> str:
        owner = LockOwner(
            actor=self._actor,
            process=current_process(),
            since=self._clock(),
            purpose=purpose,
            token=os.urandom(8).hex(),
        )
        blob = self._store.write_blob(to_bytes(owner))
        for _ in range(ATTEMPTS):
            if self._store.swap(reference, old=None, new=blob):
                return blob
            theirs = self._store.read_reference(reference)
            if theirs is None:
                continue
            holder = self._dead_owner(environment, reference, theirs)
            if self._store.swap(reference, old=theirs, new=blob):
                self._on_takeover(environment, holder)
                return blob
        raise LockedError("many other runs are changing this environment", where=environment, hint="try again")

    def _dead_owner(self, environment: str, reference: str, object_id: str) -> LockOwner:
        """Who held it. Raises :class:`LockedError` unless that is certainly over."""
        blob = self._store.find(object_id)
        remedy = self._store.drop_command(reference)
        if blob is None:
            raise _locked(environment, remedy, "the lock does not say who holds it")
        try:
            holder = from_bytes(blob.content, LockOwner)
        except ValueError as error:
            raise _locked(environment, remedy, f"who holds it cannot be read: {error}") from error
        if not holder.is_dead:
            raise _locked(environment, remedy, *holder.describe())
        return holder


def _locked(environment: str, remedy: str, *about: str) -> LockedError:
    return LockedError(
        "another run is changing this environment",
        where=environment,
        hint=f"wait for it; if it is gone for good: {remedy}",
        details=about,
    )
