"""The ledger in a git repository: releases, history and locks below ``refs/previewer``.

A release is a commit that holds ``manifest.json``, with a fixed author and the source commit's date and with the
source commit as its parent: the same release is the same object in every clone, and git's garbage collection
keeps the source commit. The history is a chain of commits that hold one ``entry.json`` each, and a
``notes.json``: what all entries up to this one say of environments.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from previewer.domain.history import LedgerEntry, entry_from_json, entry_to_json
from previewer.domain.json_value import as_object, canonical_json
from previewer.domain.naming import LEDGER_REFS, RELEASE_REFS, release_ref, slug
from previewer.domain.notes import Notes, merge_notes, notes_from_json, notes_to_json
from previewer.domain.release import Release, manifest_of, read_manifest
from previewer.domain.revision import short_id
from previewer.errors import LockedError, NotFoundError, SourceError
from previewer.ledger.git_locks import GitLocks, TakeoverCallback
from previewer.ledger.git_records import GitRecords
from previewer.ledger.git_store import GitStore, Reference
from previewer.ledger.lock_owner import LockOwner
from previewer.ledger.protocol import RecordKind
from previewer.source.git_command import GitCommand
from previewer.source.git_objects import read_many

MANIFEST_FILE = "manifest.json"
ENTRY_FILE = "entry.json"
NOTES_FILE = "notes.json"
APPEND_ATTEMPTS = 100
"""Each failure means that another writer succeeded, so that many others at once is the limit."""


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


def tell_nobody(environment: str, owner: LockOwner) -> None:
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
        on_takeover: TakeoverCallback = tell_nobody,
    ) -> None:
        """``actor`` and ``clock`` are for locks; entries bring their own."""
        self._command = GitCommand(str(path))
        self._store = GitStore(self._command)
        self._records = GitRecords(self._command, self._store)
        self._history = f"{LEDGER_REFS}/{slug(installation)}"
        self._locks = GitLocks(self._command, self._store, clock=clock, actor=actor, on_takeover=on_takeover)

    def store_release(self, release: Release) -> None:
        """Keep a release under its id. Storing it again changes nothing.

        Raises :class:`SourceError` where its commit is not in this repository.
        """
        name = release_ref(release.id)
        if self._store.read_reference(name) is not None:
            return
        if not self._store.has_commit(release.commit):
            raise SourceError("the release's commit is not in this repository", where=release.commit)
        made = self._store.write_commit(
            {MANIFEST_FILE: canonical_json(manifest_of(release))},
            parents=(release.commit,),
            at=release.committed_at,
            message=f"release {short_id(release.id)} of {release.project}",
        )
        # Whoever came first wrote the very same object.
        self._store.swap(name, old=None, new=made)

    def load_release(self, release_id: str) -> Release:
        """The release with this id or unique beginning of it (with or without ``sha256:``).

        Raises :class:`NotFoundError`, and :class:`SourceError` for one whose content does not match its id.
        """
        digits = release_id.removeprefix("sha256:").lower()
        if re.fullmatch(r"[0-9a-f]{4,64}", digits) is None:
            raise NotFoundError("this is no release id", where=release_id, hint="`previewer releases` lists them")
        found = self._store.references(f"{RELEASE_REFS}/{digits}*")
        if not found:
            raise NotFoundError(
                "there is no such release", where=release_id, hint="`previewer releases` lists them"
            )
        if len(found) > 1:
            fitting = ", ".join(short_id(reference.name.rpartition("/")[2]) for reference in found)
            raise NotFoundError("several releases begin like this", where=release_id, hint=f"they are {fitting}")
        return self._load(found)[0]

    def releases(self) -> tuple[Release, ...]:
        """Every kept release, newest commit first. Raises :class:`SourceError` for one that was tampered with."""
        found = self._load(self._store.references(RELEASE_REFS))
        return tuple(sorted(found, key=lambda release: (release.committed_at, release.id), reverse=True))

    def releases_of(self, commit: str) -> tuple[Release, ...]:
        """The releases of one commit, by its full id; no other release is read."""
        references = self._store.references(RELEASE_REFS)
        return tuple(self._load([reference for reference in references if commit in reference.parents]))

    def append(self, entry: LedgerEntry) -> None:
        """Add to the history, and let its notes be true. Two writers at once both succeed."""
        content = canonical_json(entry_to_json(entry))
        words = [entry.action, entry.environment or short_id(entry.release or entry.commit or "")]
        for _ in range(APPEND_ATTEMPTS):
            tip = self._store.read_reference(self._history)
            made = self._store.write_commit(
                {
                    ENTRY_FILE: content,
                    NOTES_FILE: canonical_json(notes_to_json(merge_notes(self._notes_at(tip), entry.notes))),
                },
                parents=(tip,) if tip else (),
                at=entry.at,
                message=" ".join(filter(None, words)),
            )
            if self._store.swap(self._history, old=tip, new=made):
                return
        raise LockedError("many others are writing the ledger", where=self._history, hint="try again")

    def entries(self, *, limit: int | None = None) -> tuple[LedgerEntry, ...]:
        """The history, newest first. Raises :class:`SourceError` for an entry that can't be read."""
        tip = self._store.read_reference(self._history)
        if tip is None or limit == 0:
            return ()
        counted = () if limit is None else (f"--max-count={limit}",)
        commits = self._command.run("rev-list", "--first-parent", *counted, tip).decode().split()
        return tuple(
            entry_from_json(as_object(json.loads(content)))
            for content in self._read_files([f"{commit}:{ENTRY_FILE}" for commit in commits])
        )

    def notes(self) -> Notes:
        """What is true of environments now, by name, in one look however long the history is."""
        return self._notes_at(self._history)

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep files (names without ``/``) under a name; a record of the same kind and name is replaced."""
        self._records.store(kind, name, files, at=at)

    def load_record(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        return self._records.load(kind, name)

    def record_names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        return self._records.names(kind)

    def remove_record(self, kind: RecordKind, name: str) -> None:
        """Forget a record. Nothing happens if there is none."""
        self._records.remove(kind, name)

    def lock(self, environment: str, *, purpose: str) -> AbstractContextManager[None]:
        """Hold the environment's lock while changing it.

        Raises :class:`LockedError` that says who holds it, where, since when and why. A dead owner's lock is
        taken over, which ``on_takeover`` is told.
        """
        return self._locks.hold(environment, purpose=purpose)

    def _notes_at(self, tip: str | None) -> Notes:
        """Histories that began before there were notes have none."""
        found = read_many(self._command, [f"{tip}:{NOTES_FILE}"])[0] if tip else None
        if found is None:
            return {}
        try:
            return notes_from_json(as_object(json.loads(found.content)))
        except (ValueError, KeyError) as error:
            raise SourceError(f"the ledger's notes can't be read: {error}", where=self._history) from error

    def _load(self, references: Sequence[Reference]) -> list[Release]:
        contents = self._read_files([f"{reference.object_id}:{MANIFEST_FILE}" for reference in references])
        return [_verified(reference, content) for reference, content in zip(references, contents, strict=True)]

    def _read_files(self, names: Sequence[str]) -> list[bytes]:
        contents = []
        for name, found in zip(names, read_many(self._command, names), strict=True):
            if found is None:
                raise SourceError("the ledger has a hole", where=name, hint="fetch it from another clone")
            contents.append(found.content)
        return contents


def _verified(reference: Reference, content: bytes) -> Release:
    """The release, if its content has the digest that its reference is called by."""
    digits = reference.name.rpartition("/")[2]
    hint = f"freeze its commit again after: git update-ref -d {reference.name}"
    if hashlib.sha256(content).hexdigest() != digits:
        raise SourceError("the release's content does not match its id", where=reference.name, hint=hint)
    try:
        return read_manifest(as_object(json.loads(content)))
    except (ValueError, KeyError) as error:
        raise SourceError(f"the release can't be read: {error}", where=reference.name, hint=hint) from error
