"""The disk of the repository is full: what removes goes on, and says once what could not be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pytest

from previewer.domain.progress import Noted, Outcome, TaskFinished
from previewer.domain.record.notes import LedgerEntry
from previewer.errors import LockedError, SourceError
from previewer.ledger.protocol import RecordKind
from previewer.operations.down import all_names
from previewer.operations.freeze import freeze
from previewer.operations.prune import Prunable, prune
from previewer.session.run import Run
from previewer.testing.memory.ledger import MemoryLedger
from previewer.testing.memory.session import memory_session
from tests.operations.shop import Shop


class FullDisk(MemoryLedger):
    """It can be read, once it is full, and not written."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False

    def _write(self) -> None:
        if self.is_full:
            raise SourceError("no space left", where="repository", hint="free some")

    def append(self, entry: LedgerEntry) -> None:
        self._write()
        super().append(entry)

    def store_record(self, kind: RecordKind, name: str, files: Mapping[str, bytes], *, at: datetime) -> None:
        self._write()
        super().store_record(kind, name, files, at=at)

    def remove_release(self, release_id: str) -> None:
        self._write()
        super().remove_release(release_id)

    def remove_record(self, kind: RecordKind, name: str) -> None:
        self._write()
        super().remove_record(kind, name)

    @contextmanager
    def lock(self, environment: str, *, purpose: str) -> Iterator[None]:
        if environment in self._holders:
            raise LockedError("another run is changing this environment", where=environment)
        self._write()
        with super().lock(environment, purpose=purpose):
            yield
            self._write()


@pytest.fixture
def ledger() -> FullDisk:
    return FullDisk()


@pytest.fixture
def shop(ledger: FullDisk) -> Shop:
    made = Shop()
    made.session = memory_session(source=made.source, engine=made.engine, images=made.images, ledger=ledger)
    return made


def reported(shop: Shop) -> list[str]:
    return [event.message for event in shop.events if isinstance(event, Noted)]


def test_down_needs_no_disk(shop: Shop, ledger: FullDisk) -> None:
    shop.up()
    shop.up("feature/a")
    ledger.is_full = True
    shop.events.clear()
    shop.down(*all_names(shop.session))
    assert shop.is_clean()
    assert [line.rpartition(": repository")[0] for line in reported(shop)] == [
        "down goes on without a lock",
        "no record of the removal could be written",
        "it could not be added to the history",
    ]


def test_a_disk_that_is_full_by_then_keeps_no_down_from_its_end(shop: Shop, ledger: FullDisk) -> None:
    def fill(called: str, _name: str) -> None:
        ledger.is_full |= called == "remove_container"

    shop.up()
    shop.engine._on_call = fill
    shop.down("main")
    assert shop.is_clean()
    assert "a lock could not be released: repository: no space left" in reported(shop)


def test_down_waits_for_the_living_all_the_same(shop: Shop, ledger: FullDisk) -> None:
    shop.up()
    with ledger.lock("shop-main", purpose="up"):
        ledger.is_full = True
        with pytest.raises(LockedError):
            shop.down("main")
        ledger.is_full = False
    assert not shop.is_clean()


def test_what_is_down_comes_back_when_there_is_room_again(shop: Shop, ledger: FullDisk) -> None:
    shop.up()
    ledger.is_full = True
    shop.down("main")
    ledger.is_full = False
    assert shop.up().environment.ownership.generation == 2


def test_prune_removes_images_and_says_what_stays(shop: Shop, ledger: FullDisk) -> None:
    release = freeze(Run(shop.session, shop.report), "main").release
    ledger.is_full = True
    shop.events.clear()
    result = prune(Run(shop.session, shop.report), keep=0, releases=True)
    assert {item.kind for item in result.removed} == {Prunable.IMAGE}
    failed = [e.task for e in shop.events if isinstance(e, TaskFinished) and e.outcome is Outcome.FAILED]
    assert f"remove release {release.id}" in failed
    assert reported(shop) == ["it could not be added to the history: repository: no space left"]


def test_nothing_begins_that_could_not_be_noted(shop: Shop, ledger: FullDisk) -> None:
    ledger.is_full = True
    with pytest.raises(SourceError, match="no space left"):
        shop.up()
    assert shop.is_clean()
