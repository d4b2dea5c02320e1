"""The ledger in a git repository: releases below its ``refs/previewer``, history and locks in a place of our own.

A release is a commit that holds ``manifest.json`` and, below ``files``, the files that its services read while
they run. It has a fixed author, the source commit's date and the source commit as its parent: the same release is
the same object in every clone, and git's garbage collection keeps the source commit. The history is a chain of
commits that hold one ``entry.json`` each, and a ``notes.json``: what all entries up to this one say of
environments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from previewer.domain.commit.files import FileTree, TreeEntry
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.mounted_files import digest_tree_files, served_entries
from previewer.domain.json_value import canonical_json
from previewer.domain.naming import LEDGER_REFS, RELEASE_REFS, release_ref, slug
from previewer.domain.record.notes import LedgerEntry, Notes
from previewer.domain.release.release import Release, manifest_of, read_manifest
from previewer.errors import AmbiguousError, NotFoundError, SourceError
from previewer.git.command import GitCommand
from previewer.git.objects import GitObject, GitObjects
from previewer.ledger.files import GitFiles
from previewer.ledger.history import GitHistory, RememberedHead
from previewer.ledger.locks import GitLocks, LockOwner, TakeoverCallback
from previewer.ledger.place import PrivatePlace, SharedPlace
from previewer.ledger.protocol import Fault, RecordKind
from previewer.ledger.records import GitAttestations, GitRecords
from previewer.ledger.store import GitStore, Reference

if TYPE_CHECKING:
    from previewer.domain.release.attestation import Signature
    from previewer.ledger.records import GitAttestations

MANIFEST_FILE = "manifest.json"
FILES_FOLDER = "files"
DIGITS = 64
"""Hexadecimal digits of a release's whole id."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def ignore_takeover(environment: str, owner: LockOwner) -> None:
    """Take a dead owner's lock over without a word."""
    del environment, owner


class GitLedger:
    """Releases, history and locks in the repository that a folder belongs to."""

    def __init__(
        self,
        path: str | Path,
        *,
        installation: str,
        actor: str,
        clock: Callable[[], datetime] = utc_now,
        on_takeover: TakeoverCallback = ignore_takeover,
        objects: GitObjects | None = None,
        object_format: str | None = None,
        shared_folder: str | None = None,
        remembered: RememberedHead | None = None,
    ) -> None:
        """``actor`` and ``clock`` are for locks; entries bring their own.

        ``objects``, ``object_format`` and ``shared_folder`` are what a source of the same repository has; ``None``
        to do without.
        """
        self._command = GitCommand(str(path))
        if object_format is None or shared_folder is None:
            asked = self._command.text("rev-parse", "--show-object-format", "--git-common-dir")
            object_format, shared_folder = asked.splitlines()
        shared = SharedPlace(self._command, objects or GitObjects(self._command))
        self._store = GitStore(shared, object_format=object_format)
        own = PrivatePlace(shared, Path(path, shared_folder), object_format)
        self._private = GitStore(own, object_format=object_format)
        self._files = GitFiles(self._command)
        self._shared_records, self._records = GitRecords(self._store), GitRecords(self._private)
        history = f"{LEDGER_REFS}/{slug(installation)}"
        self._history = GitHistory(self._private, history, remembered=remembered)
        self._remembered = remembered
        self._faults: list[Fault] = []
        self._locks = GitLocks(self._private, clock=clock, actor=actor, on_takeover=on_takeover)

    @cached_property
    def _attestations(self) -> GitAttestations:
        return GitAttestations(self._command, self._store)

    def store_release(self, release: Release, *, tree: FileTree | None = None) -> None:
        """Keep a release under its id, with the files that it serves. Storing it again changes nothing.

        ``tree`` is where the files are; without it, they are the commit's. Raises :class:`SourceError` where the
        commit is not in this repository, unless that is one for releases alone.
        """
        name = release_ref(release.id)
        if self._store.read_reference(name) is not None:
            return
        has_commit = self._store.has_commit(release.commit)
        if not has_commit and not (tree is not None and self._files.is_store):
            raise SourceError(
                "the release's commit is not in this repository",
                where=release.commit,
                hint=f"fetch it: git fetch origin {release.commit}",
            )
        made = self._store.write_commit(
            {MANIFEST_FILE: canonical_json(manifest_of(release))},
            folders=self._keep_files(release, tree),
            parents=(release.commit,),
            at=release.committed_at,
            message=f"release {short_id(release.id)} of {release.project}",
        )
        if not has_commit:
            self._files.cut(made)
        # The first writer wrote the very same object.
        self._store.swap(name, old=None, new=made)

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of it (with or without ``sha256:``).

        Raises :class:`NotFoundError`, and :class:`SourceError` for one whose content does not match its id.
        """
        digits = release_id.removeprefix("sha256:").lower()
        if re.fullmatch(rf"[0-9a-f]{{4,{DIGITS}}}", digits) is None:
            raise NotFoundError(
                "this is not a release id", where=release_id, hint="`previewer releases` lists them"
            )
        if len(digits) == DIGITS:
            name = release_ref(digits)
            held = self._store.find_whole(f"{name}:{MANIFEST_FILE}")
            if held is not None:
                return _verified(name, held)
        references = self._store.references(f"{RELEASE_REFS}/{digits}*")
        if not references:
            raise NotFoundError(
                "there is no such release", where=release_id, hint="`previewer releases` lists them"
            )
        if len(references) > 1:
            fitting = ", ".join(short_id(reference.name.rpartition("/")[2]) for reference in references)
            raise AmbiguousError("several releases begin like this", where=release_id, hint=f"they are {fitting}")
        name, object_id = references[0].name, references[0].object_id
        return _verified(name, self._store.find_whole(f"{object_id}:{MANIFEST_FILE}"))

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first, without those that cannot be read or were tampered with."""
        kept = [release for _, release in self._load(self._store.references(RELEASE_REFS))]
        return tuple(sorted(kept, key=lambda release: (release.committed_at, release.id), reverse=True))

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id; no other release is read."""
        return tuple(release for _, release in self._found_of(commit))

    def served_files(self, commit: str) -> FileTree | None:
        """The files that are kept with the releases of a commit; ``None`` without such a release.

        Raises :class:`SourceError` for files that are not what the release says.
        """
        found = self._found_of(commit)
        kept = [
            (release, tree)
            for reference, release in found
            if (tree := self._files.read(f"{reference.object_id}:{FILES_FOLDER}")) is not None
        ]
        for release, tree in kept:
            if digest_tree_files(tree, release.files) != release.files:
                raise SourceError("the release's files are not those that it names", where=release.id)
        if not found:
            return None
        entries: dict[str, TreeEntry] = {}
        for release, tree in kept:
            for entry in tree:
                if entries.setdefault(entry.path, entry).object_id != entry.object_id:
                    raise SourceError(
                        "two releases of one commit have different files",
                        where=entry.path,
                        hint=f"one is forged; release {short_id(release.id)} is one of the two",
                    )
        return FileTree(entries.values(), self._files.read_blob)

    def remove_release(self, release_id: str) -> None:
        """Forget a release, by its full id, and what is said about it. Nothing happens if it is gone."""
        for kind in (RecordKind.PUSH, RecordKind.START_WRITES):
            self._records.remove(kind, release_id.removeprefix("sha256:"))
        self._attestations.remove_release(release_id)

    @property
    def signs(self) -> bool:
        """Whether the user's git is set up to sign."""
        return self._attestations.signs

    def attest(self, release_id: str, files: Mapping[str, bytes], *, at: datetime, sign: bool) -> None:
        """Keep files beside a release, as its record of :attr:`RecordKind.ATTESTATION`, signed by the user or not.

        Raises :class:`NotFoundError` where there is no such release, :class:`SourceError` where git cannot sign.
        """
        self._attestations.store(release_id, files, at=at, sign=sign)

    def export_attestation(self, release_id: str) -> bytes | None:
        """What is kept beside a release, signature included, for :meth:`adopt_attestation` of another ledger."""
        return self._attestations.export(release_id)

    def adopt_attestation(self, release_id: str, files: Mapping[str, bytes], exported: bytes) -> None:
        """Keep files beside a release as another ledger has them: its signature holds here too.

        What is here already stays. Raises :class:`SourceError` where both do not belong together.
        """
        self._attestations.adopt(release_id, files, exported)

    def signature(self, release_id: str) -> Signature:
        """Who signed a release and what is said about it."""
        return self._attestations.signature(release_id)

    def signed(self) -> frozenset[str]:
        """The ids of the signed releases, whether or not the signature is good."""
        return self._attestations.signed()

    def published(self, remote: str) -> frozenset[str]:
        """The ids of the releases that a remote has. Raises :class:`SourceError` where it does not answer."""
        return self._attestations.published(remote)

    def append(self, entry: LedgerEntry) -> None:
        """Add to the history, and let its notes be true. Two writers at once both succeed."""
        self._history.append(entry)

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first, without entries that cannot be read."""
        return self._history.entries(limit=limit)

    def notes(self) -> Notes:
        """What is true of environments now, by name, in one look however long the history is.

        Raises :class:`SourceError` where nothing of the history can be read.
        """
        return self._history.notes()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was passed over so far because it could not be read."""
        return (*self._history.faults, *self._faults)

    def drop_release(self, release_id: str) -> None:
        """Forget a release, whether or not it can be read. Raises :class:`NotFoundError`."""
        digits = release_id.removeprefix("sha256:").lower()
        names = [ref.name for ref in self._store.references(RELEASE_REFS)]
        fitting = [name for name in names if len(digits) >= 4 and name.rpartition("/")[2].startswith(digits)]
        if len(fitting) != 1:
            what = "several releases begin like this" if fitting else "there is no such release"
            raise NotFoundError(what, where=release_id, hint="give all of its digits")
        self.remove_release(fitting[0].rpartition("/")[2])

    def drop_history(self) -> bool:
        """Forget the history and all notes; whether there was one."""
        return self._history.drop()

    def check_history(self) -> tuple[Fault, ...]:
        """Everything in the history that is broken, was cut out or does not follow from what was before it."""
        return self._history.check()

    def accept_head(self) -> None:
        """Take the history as it is for what is remembered from now on."""
        self._history.accept()

    def head(self) -> str | None:
        """The id of the newest entry, which those before it cannot be changed without; ``None`` without any."""
        return self._history.whole_tip()

    @property
    def remembers_head(self) -> bool:
        """Whether the user's state folder says where the history ended."""
        return self._remembered is not None and self._remembered.read() is not None

    def check_anchor(self, head: str) -> None:
        """Say so, among :attr:`faults`, where the history no longer holds ``head``, which an object of the engine
        says that it ended with. An entry that this repository never had is passed over."""
        self._history.check_anchor(head)

    def holds_head(self, head: str) -> bool:
        """Whether the history holds what it held when ``head`` was its newest entry."""
        return self._history.holds(head, self._history.tip())

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files (names without ``/``) under a name; a record of the same kind and name is replaced."""
        self._records_of(kind).store(kind, name, files, at=at)

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        return self._records_of(kind).load(kind, name)

    def read_record(self, kind: RecordKind, name: str, file: str) -> bytes | None:
        """One file of a record, in one look; ``None`` where there is no such record or no such file in it."""
        return self._records_of(kind).read(kind, name, file)

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        return self._records_of(kind).names(kind)

    def record_times(self, kind: RecordKind) -> Mapping[str, datetime]:
        """When each record of a kind was written, by its name."""
        return self._records_of(kind).times(kind)

    def remove_record(self, kind: RecordKind, name: str) -> None:
        """Forget a record. Nothing happens if there is none."""
        self._records_of(kind).remove(kind, name)

    def lock(self, environment: str, *, purpose: str) -> AbstractContextManager[None]:
        """Hold the environment's lock while changing it.

        Raises :class:`LockedError` that says who holds it, where, since when and why. A dead owner's lock is
        taken over, which ``on_takeover`` is told.
        """
        return self._locks.hold(environment, purpose=purpose)

    def _records_of(self, kind: RecordKind) -> GitRecords:
        return self._shared_records if kind is RecordKind.ATTESTATION else self._records

    def _keep_files(self, release: Release, tree: FileTree | None) -> Mapping[str, str]:
        """The folder of the files that the release serves, if there are any: its tree's id."""
        if not release.files:
            return {}
        found = tree if tree is not None else self._files.read(release.commit)
        return {FILES_FOLDER: self._files.write(found, served_entries(found, release.files))} if found else {}

    def _found_of(self, commit: str) -> list[tuple[Reference, Release]]:
        """Releases that were pulled without their commit have no parent that git would show."""
        references = self._store.references(RELEASE_REFS)
        fitting = [found for found in references if commit in found.parents or not found.parents]
        return [(reference, release) for reference, release in self._load(fitting) if release.commit == commit]

    def _load(self, references: Sequence[Reference]) -> list[tuple[Reference, Release]]:
        """Those that can be read; the others are faults."""
        names = [f"{reference.object_id}:{MANIFEST_FILE}" for reference in references]
        releases = []
        for reference, content in zip(references, self._store.find_each(names), strict=True):
            try:
                releases.append((reference, _verified(reference.name, content)))
            except SourceError as error:
                fault = Fault(f"a release is left out: {error}", error.hint or "", kind="release")
                self._faults += [fault] if fault not in self._faults else []
        return releases


def _verified(reference: str, manifest: GitObject | None) -> Release:
    """The release, if its content has the digest that its reference is called by. Raises :class:`SourceError`."""
    digits = reference.rpartition("/")[2]
    hint = f"drop it, and freeze its commit again: previewer audit drop {short_id(digits)}"
    if manifest is None:
        raise SourceError("the release's manifest is missing or broken", where=reference, hint=hint)
    if hashlib.sha256(manifest.content).hexdigest() != digits:
        raise SourceError("the release's content does not match its id", where=reference, hint=hint)
    try:
        return read_manifest(manifest.content)
    except ValueError as error:
        raise SourceError(f"the release can't be read: {error}", where=reference, hint=hint) from error
