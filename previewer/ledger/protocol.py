"""What is kept in the repository's own references: releases, history and locks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from previewer.domain.history import LedgerEntry
from previewer.domain.release import Release


class Ledger(Protocol):
    """Append-only: a release and an entry, once written, are never changed."""

    def store_release(self, release: Release) -> None:
        """Keep a release under its id. Storing it again changes nothing."""
        ...

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of it (with or without ``sha256:``).

        Raises :class:`NotFoundError`, and :class:`SourceError` for one whose content does not match its id.
        """
        ...

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first."""
        ...

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id; no other release is read."""
        ...

    def append(self, entry: LedgerEntry) -> None:
        """Add to the history. Two writers at once both succeed."""
        ...

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first."""
        ...

    def lock(self, environment: str, *, purpose: str) -> AbstractContextManager[None]:
        """Hold the environment's lock while changing it.

        Raises :class:`LockedError` that says who holds it, where, since when and why. A dead owner's lock is
        taken over.
        """
        ...
