"""What is kept in the repository's own references: releases, history and locks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Protocol

from previewer.domain.history import LedgerEntry
from previewer.domain.notes import Notes
from previewer.domain.release import Release


class RecordKind(Enum):
    """What a record, a few files under one name, is about. The value is a part of its reference's name."""

    ATTESTATION = "attestations"
    """Of a release, by its id's digits: its provenance and its bills of materials."""
    TOMBSTONE = "tombstones"
    """Of a generation that is gone, by its scope: what there was and what it wrote last."""


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
        """Add to the history, and let its notes be true. Two writers at once both succeed."""
        ...

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first."""
        ...

    def notes(self) -> Notes:
        """What is true of environments now, by name, in one look however long the history is."""
        ...

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files (names without ``/``) under a name; a record of the same kind and name is replaced."""
        ...

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        ...

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        ...

    def remove_record(self, kind: RecordKind, name: str) -> None:
        """Forget a record. Nothing happens if there is none."""
        ...

    def lock(self, environment: str, *, purpose: str) -> AbstractContextManager[None]:
        """Hold the environment's lock while changing it.

        Raises :class:`LockedError` that says who holds it, where, since when and why. A dead owner's lock is
        taken over.
        """
        ...
