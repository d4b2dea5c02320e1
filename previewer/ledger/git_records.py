"""Records in a repository: a few files under one name, as a commit without a parent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.naming import RECORD_REFS, slug
from previewer.errors import LockedError
from previewer.ledger.git_store import GitStore
from previewer.ledger.protocol import RecordKind
from previewer.source.git_command import GitCommand
from previewer.source.git_objects import read_many

ATTEMPTS = 20
"""Each failure means that another writer replaced the record meanwhile."""


class GitRecords:
    """Writes, reads and removes records of one repository."""

    def __init__(self, command: GitCommand, store: GitStore) -> None:
        self._command = command
        self._store = store

    def store(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep ``files`` under ``name``; the last of several writers wins."""
        reference = _reference(kind, name)
        made = self._store.write_commit(dict(files), parents=(), at=at, message=f"{kind.value} of {name}")
        for _ in range(ATTEMPTS):
            if self._store.swap(reference, old=self._store.read_reference(reference), new=made):
                return
        raise LockedError("many others are writing this record", where=reference, hint="try again")

    def load(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        reference = _reference(kind, name)
        if self._store.read_reference(reference) is None:
            return None
        names = self._command.run("ls-tree", "-z", "--name-only", reference).decode().split("\0")[:-1]
        contents = read_many(self._command, [f"{reference}:{file}" for file in names])
        return {file: found.content for file, found in zip(names, contents, strict=True) if found is not None}

    def names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        prefix = f"{RECORD_REFS}/{kind.value}"
        return tuple(found.name.removeprefix(f"{prefix}/") for found in self._store.references(prefix))

    def remove(self, kind: RecordKind, name: str) -> None:
        """Forget a record; somebody else may have done it already."""
        reference = _reference(kind, name)
        held = self._store.read_reference(reference)
        if held is not None:
            self._store.swap(reference, old=held, new=None)


def _reference(kind: RecordKind, name: str) -> str:
    return f"{RECORD_REFS}/{kind.value}/{slug(name, length=120)}"
