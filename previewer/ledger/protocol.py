"""What is kept in the repository's own references: releases, history and locks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from previewer.domain.commit.files import FileTree
    from previewer.domain.record.notes import LedgerEntry, Notes
    from previewer.domain.release.attestation import Signature
    from previewer.domain.release.release import Release


class RecordKind(Enum):
    """What a record, a few files under one name, is about. The value is a part of its reference's name."""

    ATTESTATION = "attestations"
    """A release's provenance and bills of materials, by its id's digits."""
    BISECTION = "bisections"
    """The steps of a bisection that has not come to its end, by what it looks for."""
    BILL = "bills"
    """An image's bill of materials, by its config digest's digits, whatever releases it is in."""
    CLAIM = "claims"
    """The newest run that works on a branch or environment."""
    PUSH = "pushes"
    """The registry that has a release and its images, by the release id's digits."""
    START_WRITES = "start-writes"
    """What each definition's generations write until they are healthy, by the release id's digits."""
    TOMBSTONE = "tombstones"
    """What a removed generation consisted of and wrote last, by its scope."""


class Fault(msgspec.Struct, frozen=True):
    """Something of the ledger that could not be read, and was passed over."""

    message: str
    hint: str
    kind: str = "history"
    """``history`` or ``release``."""


class Ledger(Protocol):
    """Append-only: a release and an entry, once written, are never changed."""

    def store_release(self, release: Release, *, tree: FileTree | None = None) -> None:
        """Keep a release under its id, with the files that it serves. Storing it again changes nothing.

        ``tree`` is where the files are; without it, they are the commit's.
        """
        ...

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of it (with or without ``sha256:``).

        Raises :class:`NotFoundError`, and :class:`SourceError` for one whose content does not match its id.
        """
        ...

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first, without those that cannot be read."""
        ...

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id; no other release is read."""
        ...

    def served_files(self, commit: str) -> FileTree | None:
        """The files that are kept with the releases of a commit; ``None`` without such a release."""
        ...

    def remove_release(self, release_id: str) -> None:
        """Forget a release, by its full id, what is said about it and where it was pushed. Nothing happens if it
        is gone."""
        ...

    @property
    def signs(self) -> bool:
        """Whether the user's git is set up to sign."""
        ...

    def attest(self, release_id: str, files: Mapping[str, bytes], *, at: datetime, sign: bool) -> None:
        """Keep files beside a release, as its record of :attr:`RecordKind.ATTESTATION`, signed by the user or not.

        Raises :class:`NotFoundError` where there is no such release, :class:`SourceError` where git cannot sign.
        """
        ...

    def export_attestation(self, release_id: str) -> bytes | None:
        """What is kept beside a release, signature included, for :meth:`adopt_attestation` of another ledger."""
        ...

    def adopt_attestation(self, release_id: str, files: Mapping[str, bytes], exported: bytes) -> None:
        """Keep files beside a release as another ledger has them: its signature holds here too.

        What is here already stays. Raises :class:`SourceError` where both do not belong together.
        """
        ...

    def signature(self, release_id: str) -> Signature:
        """Who signed a release and what is said about it."""
        ...

    def signed(self) -> frozenset[str]:
        """The ids of the signed releases, whether or not the signature is good."""
        ...

    def published(self, remote: str) -> frozenset[str]:
        """The ids of the releases that a remote has. Raises :class:`SourceError` where it does not answer."""
        ...

    def append(self, entry: LedgerEntry) -> None:
        """Add to the history, and let its notes be true. Two writers at once both succeed."""
        ...

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first, without entries that cannot be read."""
        ...

    def notes(self) -> Notes:
        """What is true of environments now, by name, in one look however long the history is.

        Raises :class:`SourceError` where nothing of the history can be read.
        """
        ...

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was passed over so far because it could not be read."""
        ...

    def drop_release(self, release_id: str) -> None:
        """Forget a release, whether or not it can be read. Raises :class:`NotFoundError`."""
        ...

    def drop_history(self) -> bool:
        """Forget the history and all notes; whether there was one."""
        ...

    def check_history(self) -> tuple[Fault, ...]:
        """Everything in the history that is broken, was cut out or does not follow from what was before it."""
        ...

    def accept_head(self) -> None:
        """Take the history as it is for what is remembered from now on."""
        ...

    def head(self) -> str | None:
        """The id of the newest entry, which those before it cannot be changed without; ``None`` without any."""
        ...

    def holds_head(self, head: str) -> bool:
        """Whether the history holds what it held when ``head`` was its newest entry."""
        ...

    @property
    def remembers_head(self) -> bool:
        """Whether the user's state folder says where the history ended."""
        ...

    def check_anchor(self, head: str) -> None:
        """Say so, among :attr:`faults`, where the history no longer holds ``head``, which an object of the engine
        says that it ended with. An entry that this repository never had is passed over."""
        ...

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files (names without ``/``) under a name; a record of the same kind and name is replaced."""
        ...

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        ...

    def read_record(self, kind: RecordKind, name: str, file: str) -> bytes | None:
        """One file of a record, in one look; ``None`` where there is no such record or no such file in it."""
        ...

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        ...

    def record_times(self, kind: RecordKind) -> Mapping[str, datetime]:
        """When each record of a kind was written, by its name."""
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
