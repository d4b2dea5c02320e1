"""A repository into which git can write nothing, as on a full disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from previewer.errors import LockedError, SourceError
from previewer.git.complaint import full_disk_hint
from previewer.ledger.protocol import RecordKind
from tests.ledger.test_contract import ENTRY, NOW
from tests.ledger.test_git_ledger import dead_owner, ended_process, hold, open_ledger
from tests.source.repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "shop")
    made.commit({"a": "1"})
    return made


def test_what_is_there_can_be_read_and_nothing_is_written(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    ledger.append(ENTRY)
    repository.refuse_objects()
    assert ledger.entries() == (ENTRY,)
    with pytest.raises(SourceError):
        ledger.append(ENTRY)
    with pytest.raises(SourceError):
        ledger.store_record(RecordKind.TOMBSTONE, "shop-main-g1", {"a": b"1"}, at=NOW)


def test_a_lock_that_cannot_be_written_says_so_unless_a_living_process_has_it(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    with ledger.lock("shop-main", purpose="up"):
        repository.refuse_objects()
        with pytest.raises(LockedError, match="another run"), ledger.lock("shop-main", purpose="down"):
            pass
    with pytest.raises(SourceError, match="hash-object"), ledger.lock("shop-main", purpose="down"):
        pass


def test_the_lock_of_an_ended_process_refuses_none(repository: GitRepository) -> None:
    hold(repository, dead_owner(ended_process()))
    repository.refuse_objects()
    with pytest.raises(SourceError), open_ledger(repository.path).lock("shop-main", purpose="down"):
        pass


def test_what_helps_is_said_where_it_helps() -> None:
    assert "previewer down" in (full_disk_hint("error: unable to write file x: No space left on device") or "")
    assert full_disk_hint("fatal: bad object") is None
