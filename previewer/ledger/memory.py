"""The ledger in memory, for tests of decisions: the same contract, gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from previewer.domain.history import LedgerEntry
from previewer.domain.labels import format_time
from previewer.domain.notes import Notes, merge_notes
from previewer.domain.release import Release
from previewer.errors import LockedError, NotFoundError
from previewer.ledger.protocol import RecordKind

FIRST_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


class MemoryLedger:
    """Releases, history and locks of one process."""

    def __init__(self, *, actor: str = "ada@laptop", clock: Callable[[], datetime] = lambda: FIRST_MOMENT) -> None:
        self._actor = actor
        self._clock = clock
        self._guard = threading.Lock()
        self._releases: dict[str, Release] = {}
        self._entries: list[LedgerEntry] = []
        self._notes: Notes = {}
        self._records: dict[tuple[RecordKind, str], Mapping[str, bytes]] = {}
        self._holders: dict[str, tuple[str, ...]] = {}

    def store_release(self, release: Release) -> None:
        """Keep a release under its id. Storing it again changes nothing."""
        with self._guard:
            self._releases.setdefault(release.id.removeprefix("sha256:"), release)

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of at least four digits. Raises :class:`NotFoundError`."""
        digits = release_id.removeprefix("sha256:").lower()
        fitting = [known for known in self._releases if len(digits) >= 4 and known.startswith(digits)]
        if len(fitting) != 1:
            what = "several releases begin like this" if fitting else "there is no such release"
            raise NotFoundError(what, where=release_id, hint="`previewer releases` lists them")
        return self._releases[fitting[0]]

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first."""
        found = self._releases.values()
        return tuple(sorted(found, key=lambda release: (release.committed_at, release.id), reverse=True))

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id."""
        return tuple(release for release in self.releases() if release.commit == commit)

    def append(self, entry: LedgerEntry) -> None:
        """Add to the history, and let its notes be true."""
        with self._guard:
            self._entries.append(entry)
            self._notes = merge_notes(self._notes, entry.notes)

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first."""
        return tuple(reversed(self._entries))[:limit]

    def notes(self) -> Notes:
        """What is true of environments now, by name."""
        return self._notes

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files under a name; a record of the same kind and name is replaced."""
        del at
        with self._guard:
            self._records[kind, name] = dict(files)

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        return self._records.get((kind, name))

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        return tuple(sorted(name for known, name in self._records if known is kind))

    def remove_record(self, kind: RecordKind, name: str) -> None:
        """Forget a record. Nothing happens if there is none."""
        with self._guard:
            self._records.pop((kind, name), None)

    @contextmanager
    def lock(self, environment: str, *, purpose: str) -> Iterator[None]:
        """Hold the environment's lock while changing it. Raises :class:`LockedError`."""
        held = (f"held by {self._actor}", f"since {format_time(self._clock())}", f"to {purpose}")
        with self._guard:
            if environment in self._holders:
                raise LockedError(
                    "somebody else is changing this environment",
                    where=environment,
                    hint="wait for them",
                    details=self._holders[environment],
                )
            self._holders[environment] = held
        try:
            yield
        finally:
            with self._guard:
                del self._holders[environment]
