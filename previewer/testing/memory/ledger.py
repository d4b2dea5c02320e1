"""The ledger in memory, for tests of decisions: the same contract, gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from previewer.domain.commit.files import FileTree, TreeEntry
from previewer.domain.compose.mounted_files import served_entries
from previewer.domain.record.notes import LedgerEntry, Notes, merge_notes
from previewer.domain.release.attestation import UNSIGNED, Signature, Verdict
from previewer.domain.release.release import Release
from previewer.domain.units import format_time
from previewer.errors import AmbiguousError, LockedError, NotFoundError, SourceError
from previewer.ledger.protocol import Fault, RecordKind

FIRST_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


class MemoryLedger:
    """Releases, history and locks of one process."""

    def __init__(self, *, actor: str = "ada@laptop", clock: Callable[[], datetime] = lambda: FIRST_MOMENT) -> None:
        self._actor = actor
        self._clock = clock
        self._guard = threading.Lock()
        self._releases: dict[str, Release] = {}
        self._files: dict[str, dict[TreeEntry, bytes]] = {}
        """Stored files by commit."""
        self._entries: list[LedgerEntry] = []
        self._notes: Notes = {}
        self._records: dict[tuple[RecordKind, str], Mapping[str, bytes]] = {}
        self._times: dict[tuple[RecordKind, str], datetime] = {}
        self.signer = ""
        """The signer of releases; they are not signed if empty."""
        self._signers: dict[str, str] = {}
        self._holders: dict[str, tuple[str, ...]] = {}

    def store_release(self, release: Release, *, tree: FileTree | None = None) -> None:
        """Keep a release under its id, and its files if ``tree`` has them. Storing it again changes nothing."""
        files = {}
        if tree is not None:
            files = {entry: tree.read_entry(entry) for entry in served_entries(tree, release.files)}
        with self._guard:
            self._releases.setdefault(release.id.removeprefix("sha256:"), release)
            self._files.setdefault(release.commit, {}).update(files)

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of at least four digits. Raises :class:`NotFoundError`."""
        digits = release_id.removeprefix("sha256:").lower()
        fitting = [known for known in self._releases if len(digits) >= 4 and known.startswith(digits)]
        if len(fitting) != 1:
            hint = "`previewer releases` lists them"
            if fitting:
                raise AmbiguousError("several releases begin like this", where=release_id, hint=hint)
            raise NotFoundError("there is no such release", where=release_id, hint=hint)
        return self._releases[fitting[0]]

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first."""
        found = self._releases.values()
        return tuple(sorted(found, key=lambda release: (release.committed_at, release.id), reverse=True))

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id."""
        return tuple(release for release in self.releases() if release.commit == commit)

    def served_files(self, commit: str) -> FileTree | None:
        """The files that are kept with the releases of a commit; ``None`` without such a release."""
        files = self._files.get(commit)
        if files is None:
            return None
        contents = {entry.object_id: content for entry, content in files.items()}
        return FileTree(files, contents.__getitem__)

    def remove_release(self, release_id: str) -> None:
        """Forget a release, what is said about it and where it was pushed. Nothing happens if it is gone."""
        digits = release_id.removeprefix("sha256:")
        self.remove_record(RecordKind.ATTESTATION, digits)
        self.remove_record(RecordKind.PUSH, digits)
        self.remove_record(RecordKind.START_WRITES, digits)
        with self._guard:
            self._releases.pop(digits, None)

    @property
    def signs(self) -> bool:
        """Whether there is a :attr:`signer`."""
        return bool(self.signer)

    def attest(self, release_id: str, files: Mapping[str, bytes], *, at: datetime, sign: bool) -> None:
        """Keep files beside a release, signed by :attr:`signer` or not. Raises :class:`NotFoundError`."""
        digits = release_id.removeprefix("sha256:")
        if digits not in self._releases:
            raise NotFoundError("there is no such release", where=release_id)
        self.store_record(RecordKind.ATTESTATION, digits, files, at=at)
        with self._guard:
            self._signers[f"sha256:{digits}"] = self.signer if sign else ""

    def export_attestation(self, release_id: str) -> bytes | None:
        """Who signed it."""
        signer = self._signers.get(f"sha256:{release_id.removeprefix('sha256:')}")
        return None if signer is None else signer.encode()

    def adopt_attestation(self, release_id: str, files: Mapping[str, bytes], exported: bytes) -> None:
        """Keep files beside a release, signed by whom the other ledger says. What is here already stays."""
        digits = release_id.removeprefix("sha256:")
        if self.load_record(RecordKind.ATTESTATION, digits) is None:
            self.store_record(RecordKind.ATTESTATION, digits, files, at=self._clock())
            with self._guard:
                self._signers[f"sha256:{digits}"] = exported.decode()

    def signature(self, release_id: str) -> Signature:
        """Who signed a release: always good."""
        signer = self._signers.get(release_id, "")
        return Signature(Verdict.GOOD, signer) if signer else UNSIGNED

    def signed(self) -> frozenset[str]:
        """The ids of the signed releases."""
        return frozenset(release for release, signer in self._signers.items() if signer)

    def published(self, remote: str) -> frozenset[str]:
        """There are no remotes here."""
        raise SourceError("there is no such remote", where=remote)

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

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Nothing here can be broken."""
        return ()

    def drop_release(self, release_id: str) -> None:
        """Forget a release. Raises :class:`NotFoundError`."""
        self.remove_release(self.load_release(release_id).id)

    def drop_history(self) -> bool:
        """Forget the history and all notes; whether there was one."""
        with self._guard:
            had = bool(self._entries)
            self._entries, self._notes = [], {}
        return had

    def check_history(self) -> tuple[Fault, ...]:
        """Nothing here can be broken."""
        return ()

    def accept_head(self) -> None:
        """Nothing is remembered."""

    def head(self) -> str | None:
        """How many entries there are."""
        return str(len(self._entries)) if self._entries else None

    def holds_head(self, head: str) -> bool:
        """Whether there are as many entries."""
        return int(head) <= len(self._entries)

    @property
    def remembers_head(self) -> bool:
        """Nothing can go back here."""
        return True

    def check_anchor(self, head: str) -> None:
        """Nothing can go back here."""

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files under a name; a record of the same kind and name is replaced."""
        with self._guard:
            self._records[kind, name] = dict(files)
            self._times[kind, name] = at

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        return self._records.get((kind, name))

    def read_record(self, kind: RecordKind, name: str, file: str) -> bytes | None:
        """One file of a record, in one look; ``None`` where there is no such record or no such file in it."""
        return self._records.get((kind, name), {}).get(file)

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        return tuple(sorted(name for known, name in self._records if known is kind))

    def record_times(self, kind: RecordKind) -> Mapping[str, datetime]:
        """When each record of a kind was written, by its name."""
        return {name: self._times[kind, name] for name in self.record_names(kind)}

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
                    "another run is changing this environment",
                    where=environment,
                    hint="wait for it",
                    details=self._holders[environment],
                )
            self._holders[environment] = held
        try:
            yield
        finally:
            with self._guard:
                del self._holders[environment]
