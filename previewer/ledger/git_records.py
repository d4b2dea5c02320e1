"""Records in a repository: a few files under one name, as a commit without a parent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from previewer.domain.naming import RECORD_REFS, slug
from previewer.ledger.git_store import GitStore
from previewer.ledger.protocol import RecordKind
from previewer.source.git_objects import parse_tree_object


class GitRecords:
    """Writes, reads and removes records of one repository."""

    def __init__(self, store: GitStore) -> None:
        self._store = store

    def store(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Keep ``files`` under ``name``; the last of several writers wins."""
        reference = record_ref(kind, name)
        made = self._store.write_commit(dict(files), parents=(), at=at, message=f"{kind.value} of {name}")
        self._store.point(reference, made)

    def load(self, kind: RecordKind, name: str) -> Mapping[str, bytes] | None:
        """The files of a record; ``None`` where there is none."""
        tree = self._store.find(f"{record_ref(kind, name)}^{{tree}}")
        if tree is None:
            return None
        ids = parse_tree_object(tree)
        contents = self._store.find_all(list(ids.values()))
        return {file: found.content for file, found in zip(ids, contents, strict=True) if found is not None}

    def read(self, kind: RecordKind, name: str, file: str) -> bytes | None:
        """One file of a record, in one look; ``None`` where there is no such record or no such file in it."""
        found = self._store.find(f"{record_ref(kind, name)}:{file}")
        return found.content if found is not None else None

    def names(self, kind: RecordKind) -> tuple[str, ...]:
        """The names of all records of a kind, sorted."""
        prefix = f"{RECORD_REFS}/{kind.value}"
        return tuple(found.name.removeprefix(f"{prefix}/") for found in self._store.references(prefix))

    def times(self, kind: RecordKind) -> Mapping[str, datetime]:
        """When each record of a kind was written, by its name."""
        prefix = f"{RECORD_REFS}/{kind.value}"
        return {name.removeprefix(f"{prefix}/"): at for name, at in self._store.reference_times(prefix).items()}

    def remove(self, kind: RecordKind, name: str) -> None:
        """Forget a record; somebody else may have done it already."""
        self._store.drop(record_ref(kind, name))


def record_ref(kind: RecordKind, name: str) -> str:
    """The reference of a record."""
    return f"{RECORD_REFS}/{kind.value}/{slug(name, length=120)}"
