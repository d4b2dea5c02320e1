"""What every ledger promises, on memory and git alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from previewer.domain.compose.definition import Definition, Role
from previewer.domain.record.notes import EnvironmentNotes, KnownGood, LedgerEntry
from previewer.domain.release.release import Artifact, FrozenDefinition, Release
from previewer.errors import LockedError, NotFoundError
from previewer.ledger.git import GitLedger
from previewer.ledger.protocol import Ledger, RecordKind
from previewer.testing.memory.ledger import MemoryLedger
from tests.source.repository import GitRepository

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ENTRY = LedgerEntry(
    action="up", at=NOW, actor="ada@laptop", environment="shop-main", release="sha256:ab", commit="c0"
)


def make_release(commit: str, *, image: str = "a", at: datetime = NOW) -> Release:
    """A release of one service, in a commit."""
    definition = Definition("preview", Role.PREVIEW, ("compose.yaml",), {"services": {"web": {"image": "ü:1"}}})
    artifact = Artifact(f"sha256:{image * 64}", "linux/amd64", "engine", "ü:1")
    return Release("shop", commit, "e" * 40, at, {"preview": FrozenDefinition(definition, {"web": artifact})})


@dataclass
class Place:
    """A ledger and two commits that its repository has."""

    ledger: Ledger
    commits: tuple[str, str]


@pytest.fixture(params=["memory", "git", "bare"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        yield Place(MemoryLedger(clock=lambda: NOW), ("1" * 40, "2" * 40))
        return
    repository = GitRepository(tmp_path / "shop")
    commits = (repository.commit({"a": "1"}), repository.commit({"a": "2"}))
    path = repository.path
    if request.param == "bare":
        path = tmp_path / "bare.git"
        repository.git("clone", "--quiet", "--bare", str(repository.path), str(path))
    yield Place(GitLedger(path, installation="0123456789abcdef", actor="ada@laptop", clock=lambda: NOW), commits)


def test_a_release_comes_back_as_it_was_stored(place: Place) -> None:
    release = make_release(place.commits[0])
    place.ledger.store_release(release)
    place.ledger.store_release(release)
    assert place.ledger.releases() == (release,)
    for name in (release.id, release.id.removeprefix("sha256:"), release.id[:15], release.id[7:15].upper()):
        assert place.ledger.load_release(name) == release


@pytest.mark.parametrize("name", ["", "ab", "sha256:", "f" * 64, "zzzzzzzz", "*", "../locks/x", "-h", "f" * 65])
def test_what_names_no_release_is_not_found(place: Place, name: str) -> None:
    place.ledger.store_release(make_release(place.commits[0]))
    with pytest.raises(NotFoundError):
        place.ledger.load_release(name)


def test_releases_are_listed_newest_commit_first_and_by_commit(place: Place) -> None:
    old = make_release(place.commits[0], at=NOW - timedelta(days=1))
    again = structs.replace(old, tree="f" * 40)
    new = make_release(place.commits[1])
    for release in (old, new, again):
        place.ledger.store_release(release)
    assert place.ledger.releases()[0] == new
    assert len(place.ledger.releases()) == 3
    assert set(map(id_of, place.ledger.releases_of(place.commits[0]))) == {old.id, again.id}
    assert place.ledger.releases_of("3" * 40) == ()


def id_of(release: Release) -> str:
    return release.id


def test_history_is_newest_first(place: Place) -> None:
    assert place.ledger.entries() == ()
    entries = [
        structs.replace(ENTRY, action=action, detail=f"line\n{action}") for action in ("freeze", "up", "down")
    ]
    for entry in entries:
        place.ledger.append(entry)
    assert place.ledger.entries() == tuple(reversed(entries))
    assert place.ledger.entries(limit=2) == (entries[2], entries[1])
    assert place.ledger.entries(limit=0) == ()


def test_writers_at_once_all_succeed(place: Place) -> None:
    def write(number: int) -> None:
        for turn in range(3):
            place.ledger.append(structs.replace(ENTRY, detail=f"{number}.{turn}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [entry.detail for entry in place.ledger.entries()]
    assert sorted(found) == sorted(f"{number}.{turn}" for number in range(4) for turn in range(3))


def test_a_lock_is_held_by_one_and_says_by_whom(place: Place) -> None:
    with place.ledger.lock("shop-main", purpose="replace it"):
        with pytest.raises(LockedError) as caught, place.ledger.lock("shop-main", purpose="down"):
            pytest.fail("both hold it")
        with place.ledger.lock("shop-other", purpose="up"):
            pass
    text = "\n".join(caught.value.details)
    assert caught.value.where == "shop-main"
    assert "ada@laptop" in text
    assert "2026-03-01T12:00:00Z" in text
    assert "replace it" in text
    with place.ledger.lock("shop-main", purpose="now it is free"):
        pass


def test_a_lock_is_given_back_after_an_error(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), place.ledger.lock("shop-main", purpose="fail"):
        raise ZeroDivisionError
    with place.ledger.lock("shop-main", purpose="go on"):
        pass


def test_one_of_many_gets_the_lock(place: Place) -> None:
    holding = threading.Semaphore(0)
    done = threading.Event()
    outcomes: list[str] = []

    def take() -> None:
        try:
            with place.ledger.lock("shop-main", purpose="up"):
                outcomes.append("held")
                holding.release()
                done.wait(30)
        except LockedError:
            outcomes.append("locked")
            holding.release()

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in threads:
        holding.acquire(timeout=30)
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", "locked", "locked", "locked", "locked"]


def test_what_entries_note_is_true_until_another_one_says_otherwise(place: Place) -> None:
    good = KnownGood("sha256:ab", "c0", generation=3, until=NOW)
    staging = EnvironmentNotes(4, NOW + timedelta(days=1), True, NOW, "exec of sh", kept=(3,), known_good=(good,))
    staging = structs.replace(staging, stopped=("shop-staging-g4-web-1",))
    assert place.ledger.notes() == {}
    place.ledger.append(
        structs.replace(ENTRY, notes={"shop-staging": staging, "shop-main": EnvironmentNotes(1, pinned=True)})
    )
    place.ledger.append(ENTRY)
    assert place.ledger.notes() == {"shop-staging": staging, "shop-main": EnvironmentNotes(1, pinned=True)}
    place.ledger.append(structs.replace(ENTRY, notes={"shop-main": EnvironmentNotes()}))
    assert place.ledger.notes() == {"shop-staging": staging}
    newest, between, oldest = place.ledger.entries()
    assert newest.notes == {"shop-main": EnvironmentNotes()}
    assert between.notes == {}
    assert oldest.notes["shop-staging"] == staging


def test_notes_of_many_writers_at_once_are_all_kept(place: Place) -> None:
    names = [f"shop-{number}" for number in range(8)]
    pinned = EnvironmentNotes(1, pinned=True)
    writers = [
        threading.Thread(
            target=place.ledger.append,
            args=(structs.replace(ENTRY, notes={name: pinned}),),
        )
        for name in names
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(place.ledger.notes()) == names


def test_a_record_is_kept_replaced_and_forgotten(place: Place) -> None:
    kind, name = RecordKind.TOMBSTONE, "shop-main-g1"
    assert place.ledger.load_record(kind, name) is None
    place.ledger.store_record(kind, name, {"inventory.json": b"{}", "web-1.log": b"\xff\n"}, at=NOW)
    assert place.ledger.load_record(kind, name) == {"inventory.json": b"{}", "web-1.log": b"\xff\n"}
    place.ledger.store_record(kind, name, {"inventory.json": b"[]"}, at=NOW)
    assert place.ledger.load_record(kind, name) == {"inventory.json": b"[]"}
    assert place.ledger.record_names(kind) == (name,)
    assert place.ledger.record_names(RecordKind.ATTESTATION) == ()
    place.ledger.remove_record(kind, name)
    place.ledger.remove_record(kind, name)
    assert place.ledger.load_record(kind, name) is None
