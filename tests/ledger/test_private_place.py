"""What no other clone needs is kept apart: out of the log, out of a mirror, and out of a tag's reach."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from previewer.domain.naming import LEDGER_REFS, RECORD_REFS
from previewer.errors import LockedError
from previewer.ledger.place import LOOSE_OBJECTS, SAMPLED_FOLDER
from previewer.ledger.protocol import RecordKind
from previewer.process_identity import ProcessIdentity, current_process
from tests.ledger.test_contract import ENTRY, NOW, make_release
from tests.ledger.test_git_ledger import INSTALLATION, LOCK, PINNED, dead_owner, hold, open_ledger
from tests.source.repository import GitRepository

LAST_LINES = {"web.log": b"the last words of a container"}


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "shop", f"--object-format={request.param}")
    made.commit({"a": "1"}, subject="the user's own")
    return made


def write_all(repository: GitRepository) -> None:
    """One of everything that a ledger keeps."""
    ledger = open_ledger(repository.path)
    ledger.append(replace(ENTRY, notes={"shop-main": PINNED}))
    ledger.store_record(RecordKind.TOMBSTONE, "shop-main-g1", LAST_LINES, at=NOW)
    release = make_release(repository.git("rev-parse", "HEAD"))
    ledger.store_release(release)
    ledger.attest(release.id, {"provenance.json": b"{}"}, at=NOW, sign=False)


def move_to_references(repository: GitRepository) -> None:
    """As versions before this one kept everything: in the user's references."""
    repository.git("fetch", "--quiet", str(repository.ledger), f"+{RECORD_REFS}/*:{RECORD_REFS}/*")
    repository.ledger.rename(repository.path.with_name("ledger-that-was"))


def test_neither_the_log_nor_a_mirror_has_what_is_this_clone_s_own(
    repository: GitRepository, tmp_path: Path
) -> None:
    write_all(repository)
    subjects = repository.git("log", "--all", "--format=%s").splitlines()
    assert not [subject for subject in subjects if subject.startswith(("up ", "tombstones "))]
    mirror = GitRepository(tmp_path / "mirror", "--bare", f"--object-format={_format(repository)}")
    repository.git("push", "--quiet", "--mirror", str(mirror.path))
    published = mirror.git("for-each-ref", "--format=%(refname)", RECORD_REFS).splitlines()
    assert {name.split("/")[2] for name in published} == {"releases", "attestations"}
    objects = mirror.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    own = repository.ledger_git("rev-parse", f"{RECORD_REFS}/tombstones/shop-main-g1:web.log")
    assert own not in objects


def test_what_earlier_versions_kept_in_references_moves(repository: GitRepository) -> None:
    write_all(repository)
    hold(repository, dead_owner_here())
    move_to_references(repository)
    ledger = open_ledger(repository.path)
    assert ledger.notes() == {"shop-main": PINNED}
    assert [entry.action for entry in ledger.entries()] == [ENTRY.action]
    assert ledger.load_record(RecordKind.TOMBSTONE, "shop-main-g1") == LAST_LINES
    with pytest.raises(LockedError), ledger.lock("shop-main", purpose="up"):
        pytest.fail("taken over")
    left = repository.git("for-each-ref", "--format=%(refname)", RECORD_REFS).splitlines()
    assert {name.split("/")[2] for name in left} == {"releases", "attestations"}
    assert repository.ledger_git("rev-parse", LOCK)
    repository.ledger_git("fsck", "--strict")


def test_several_who_move_it_at_once_move_it_once(repository: GitRepository) -> None:
    write_all(repository)
    move_to_references(repository)
    ledgers = [open_ledger(repository.path) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        for reading in [pool.submit(ledger.entries) for ledger in ledgers]:
            assert len(reading.result()) == 1
        for writing in [pool.submit(ledger.append, ENTRY) for ledger in ledgers]:
            writing.result()
    assert len(ledgers[0].entries()) == 4
    assert sorted(path.name for path in repository.ledger.parent.glob("*previewer*")) == ["previewer"]


def test_what_cannot_be_moved_is_read_where_it_is(repository: GitRepository) -> None:
    write_all(repository)
    move_to_references(repository)
    repository.ledger.write_text("a file is in the way")
    ledger = open_ledger(repository.path)
    assert ledger.notes() == {"shop-main": PINNED}
    assert ledger.load_record(RecordKind.TOMBSTONE, "shop-main-g1") == LAST_LINES


def test_reading_makes_nothing(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    assert (ledger.notes(), ledger.entries(), ledger.record_names(RecordKind.TOMBSTONE)) == ({}, (), ())
    assert not repository.ledger.exists()


def test_a_tag_that_is_called_like_the_ledger_is_not_read(repository: GitRepository) -> None:
    write_all(repository)
    forged = repository.git("commit-tree", "-m", "forged", repository.git("rev-parse", "HEAD^{tree}"))
    repository.git("update-ref", f"refs/tags/{LEDGER_REFS}/{INSTALLATION}", forged)
    repository.ledger_git("update-ref", "-d", f"{LEDGER_REFS}/{INSTALLATION}")
    assert open_ledger(repository.path).entries() == ()
    assert open_ledger(repository.path).notes() == {}


def test_a_ledger_is_packed_now_and_then(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    ledger.append(ENTRY)
    sampled = repository.ledger / SAMPLED_FOLDER
    sampled.mkdir(exist_ok=True)
    digits = len(repository.git("rev-parse", "HEAD")) - 2
    for number in range(LOOSE_OBJECTS + 1):  # by such names git counts how many loose objects there are
        (sampled / f"{number:0{digits}x}").touch()
    ledger.append(ENTRY)
    assert list((repository.ledger / "objects/pack").glob("*.pack"))
    assert len(ledger.entries()) == 2


def dead_owner_here() -> bytes:
    """A lock of another machine, which is taken for alive."""
    here = current_process()
    parts = {name: getattr(here, name) for name in ("machine", "boot", "namespace", "pid")}
    return dead_owner(ProcessIdentity(**parts, host="elsewhere", started="1"))


def _format(repository: GitRepository) -> str:
    return repository.git("rev-parse", "--show-object-format")
