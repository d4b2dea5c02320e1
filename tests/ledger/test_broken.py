"""A ledger that was damaged or tampered with: broken parts are passed over and named; going back is noticed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from previewer.domain.json_value import canonical_json
from previewer.domain.naming import PRIVATE_FOLDER
from previewer.domain.record.notes import LedgerEntry
from previewer.errors import NotFoundError, SourceError
from previewer.ledger.git import GitLedger
from previewer.ledger.history import RememberedHead
from tests.domain.values import NOW
from tests.ledger.test_stored import INSTALLATION, RELEASES, SAMPLES

HISTORY = f"refs/previewer/ledger/{INSTALLATION}"


class Clone:
    """A repository with a stored history, every object of it in a file of its own."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.state = state

    @property
    def own(self) -> Path:
        """The repository that the history is in."""
        return self.folder / PRIVATE_FOLDER

    def git(self, *words: str, content: bytes | None = None, at: Path | None = None) -> str:
        command = ["git", f"--git-dir={at or self.own}", *words]
        return subprocess.run(command, check=True, capture_output=True, input=content).stdout.decode().strip()

    def ledger(self) -> GitLedger:
        remembered = RememberedHead(self.folder, {"XDG_STATE_HOME": str(self.state)})
        return GitLedger(self.folder, installation=INSTALLATION, actor="ada@laptop", remembered=remembered)

    def rewrite(self, file: str, change: Callable[[bytes], bytes], *, at: str = HISTORY) -> None:
        """Make the newest commit of a chain another one, with another content of a file."""
        blob = self.git("hash-object", "-w", "--stdin", content=change(self._show(f"{at}:{file}")))
        listing = [line for line in self.git("ls-tree", at).splitlines() if not line.endswith(f"\t{file}")]
        tree = self.git(
            "mktree", content="".join(f"{e}\n" for e in (*listing, f"100644 blob {blob}\t{file}")).encode()
        )
        parents = self.git("log", "-1", "--format=%P", at).split()
        lineage = [word for parent in parents for word in ("-p", parent)]
        who = ("-c", "user.name=mallory", "-c", "user.email=m@example.org")
        self.git("update-ref", at, self.git(*who, "commit-tree", tree, *lineage, "-m", "forged"))

    def destroy(self, name: str) -> None:
        """Overwrite the object behind a name."""
        place = self.own if name.startswith(HISTORY) else self.folder
        digits = self.git("rev-parse", name, at=place)
        path = place / "objects" / digits[:2] / digits[2:]
        path.chmod(0o644)
        path.write_bytes(b"garbage")

    def _show(self, name: str) -> bytes:
        return subprocess.run(
            ["git", f"--git-dir={self.own}", "cat-file", "blob", name], check=True, capture_output=True
        ).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder = tmp_path / "clone"
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    found = Clone(folder, tmp_path / "state")
    found.git("fetch", "--quiet", str(SAMPLES / "stored.bundle"), "refs/*:refs/*", at=folder)
    GitLedger(folder, installation=INSTALLATION, actor="ada").notes()  # moves what is this clone's own
    for place in (folder, found.own):
        for pack in [*(place / "objects" / "pack").glob("*.pack")]:
            moved = shutil.move(pack, tmp_path / pack.name)
            found.git("unpack-objects", "-q", content=Path(moved).read_bytes(), at=place)
    return found


def messages(ledger: GitLedger) -> str:
    return "\n".join(fault.message for fault in ledger.faults)


NOTES = b'{"sample-main":{"generation":"2"},"other":{"generation":3,"pinned":true}}'


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{", NOTES])
def test_notes_that_cannot_be_read_are_made_again_from_the_entries(clone: Clone, content: bytes) -> None:
    whole = clone.ledger().notes()
    clone.rewrite("notes.json", lambda _: content)
    ledger = clone.ledger()
    assert ledger.notes()["sample-main"] == whole["sample-main"]
    assert ("other" in ledger.notes()) is (content == NOTES)
    assert "notes are made again" in messages(ledger)


def test_an_entry_that_cannot_be_read_is_named_and_left_out(clone: Clone) -> None:
    clone.destroy(f"{HISTORY}~3:entry.json")
    ledger = clone.ledger()
    assert len(ledger.entries()) == 9
    assert clone.git("rev-parse", f"{HISTORY}~3")[:12] in messages(ledger)
    assert ledger.notes()


def test_a_history_that_breaks_off_is_read_as_far_as_it_goes(clone: Clone) -> None:
    clone.destroy(f"{HISTORY}~4")
    ledger = clone.ledger()
    assert 0 < len(ledger.entries()) <= 4
    assert "breaks off" in messages(ledger)


def test_where_the_newest_entry_is_broken_the_one_before_it_counts(clone: Clone) -> None:
    whole = clone.ledger().notes()
    clone.ledger().append(LedgerEntry("up", NOW, "ada"))
    broken = clone.git("rev-parse", HISTORY)
    clone.destroy(HISTORY)
    ledger = clone.ledger()
    assert (ledger.notes(), len(ledger.entries())) == (whole, 10)
    (fault,) = ledger.faults
    assert fault.message == f"the newest entry of the history, {broken[:12]}, is broken"
    ledger.append(LedgerEntry("pin", NOW, "ada"))
    mended = clone.ledger()
    assert [entry.action for entry in mended.entries(limit=1)] == ["pin"]
    assert (mended.notes(), len(mended.entries()), mended.check_history()) == (whole, 11, ())


def test_one_of_which_nothing_can_be_read_can_be_dropped(clone: Clone) -> None:
    clone.ledger().notes()
    clone.destroy(HISTORY)
    ledger = clone.ledger()
    with pytest.raises(SourceError, match="cannot be read") as caught:
        ledger.notes()
    assert "previewer audit drop --history" in str(caught.value.hint)
    assert ledger.drop_history() is True
    fresh = clone.ledger()
    assert (fresh.notes(), fresh.entries(), fresh.faults, fresh.drop_history()) == ({}, (), (), False)
    fresh.append(LedgerEntry("up", NOW, "ada"))
    assert len(fresh.entries()) == 1


@pytest.mark.parametrize("broken", ["", ":manifest.json", "^{tree}"])
def test_a_release_that_cannot_be_read_is_named_and_can_be_dropped(clone: Clone, broken: str) -> None:
    digits = RELEASES[0].removeprefix("sha256:")
    clone.destroy(f"refs/previewer/releases/{digits}{broken}")
    ledger = clone.ledger()
    assert [release.id for release in ledger.releases()] == RELEASES[1:]
    (fault,) = ledger.faults
    assert (digits in fault.message, fault.hint) == (
        True,
        f"drop it, and freeze its commit again: previewer audit drop {digits[:12]}",
    )
    with pytest.raises((SourceError, NotFoundError)):
        ledger.load_release(RELEASES[0])
    ledger.drop_release(digits[:12])
    again = clone.ledger()
    assert ([release.id for release in again.releases()], again.faults) == (RELEASES[1:], ())
    with pytest.raises(NotFoundError):
        again.drop_release(digits[:12])


def test_a_history_that_grows_is_nothing_to_speak_of(clone: Clone) -> None:
    clone.ledger().notes()
    clone.ledger().append(LedgerEntry("up", NOW, "ada"))
    stranger = GitLedger(clone.folder, installation=INSTALLATION, actor="bob")
    stranger.append(LedgerEntry("pin", NOW, "bob"))
    ledger = clone.ledger()
    ledger.notes()
    assert len(ledger.entries()) == 12
    assert ledger.faults == ledger.check_history() == ()


def _go_back(clone: Clone) -> None:
    clone.git("update-ref", HISTORY, f"{HISTORY}~1")


def _delete(clone: Clone) -> None:
    clone.git("update-ref", "-d", HISTORY)


def _forge(clone: Clone) -> None:
    clone.rewrite("entry.json", lambda content: canonical_json({**json.loads(content), "actor": "mallory"}))


def _cut_out(clone: Clone) -> None:
    _go_back(clone)
    _go_back(clone)
    stranger = GitLedger(clone.folder, installation=INSTALLATION, actor="bob")
    stranger.append(LedgerEntry("pin", NOW, "bob"))


@pytest.mark.parametrize("tamper", [_go_back, _delete, _forge, _cut_out])
@pytest.mark.parametrize("read", [GitLedger.notes, GitLedger.entries], ids=["notes", "entries"])
def test_a_history_that_went_back_is_noticed_until_it_is_accepted(
    clone: Clone, tamper: Callable[[Clone], None], read: Callable[[GitLedger], object]
) -> None:
    head = clone.ledger().head()
    clone.ledger().notes()
    tamper(clone)
    for _ in range(2):
        ledger = clone.ledger()
        read(ledger)
        (fault,) = ledger.faults
        assert fault.message.startswith(f"the history went back: it held the entry {str(head)[:12]}")
        assert ledger.check_history() != ()
        assert ledger.holds_head(str(head)) is False
        ledger.append(LedgerEntry("up", NOW, "ada"))  # what comes after does not hide it
    clone.ledger().accept_head()
    accepted = clone.ledger()
    read(accepted)
    assert accepted.faults == ()


def test_what_the_engine_remembers_is_noticed_by_who_remembers_nothing(clone: Clone) -> None:
    head = str(clone.ledger().head())
    _go_back(clone)
    for _ in range(2):
        ledger = clone.ledger()
        assert messages(ledger) == ""
        ledger.check_anchor(head)
        assert messages(ledger).startswith(f"the history went back: it held the entry {head[:12]}")
    clone.ledger().check_anchor("1" * 40)  # of a clone that was here before
    clone.ledger().accept_head()
    for anchor in (head, head, str(clone.ledger().head())):
        accepted = clone.ledger()
        accepted.check_anchor(anchor)
        assert accepted.faults == ()


def test_an_entry_that_another_run_writes_meanwhile_is_no_going_back(clone: Clone) -> None:
    class Overtaken(RememberedHead):
        def read(self) -> str | None:
            clone.ledger().append(LedgerEntry("up", NOW, "bob"))
            return super().read()

    clone.ledger().notes()
    remembered = Overtaken(clone.folder, {"XDG_STATE_HOME": str(clone.state)})
    ledger = GitLedger(clone.folder, installation=INSTALLATION, actor="ada@laptop", remembered=remembered)
    ledger.notes()
    assert ledger.faults == ()


def test_a_clone_that_is_made_again_has_nothing_to_answer_for(clone: Clone) -> None:
    clone.ledger().notes()
    shutil.rmtree(clone.folder)
    subprocess.run(["git", "init", "--quiet", "--bare", str(clone.folder)], check=True)
    ledger = clone.ledger()
    assert (ledger.notes(), ledger.entries(), ledger.faults) == ({}, (), ())


def test_notes_that_do_not_follow_from_the_entries_are_found(clone: Clone) -> None:
    assert clone.ledger().check_history() == ()
    clone.rewrite("notes.json", lambda content: content.replace(b'"generation":2', b'"generation":7'))
    clone.ledger().accept_head()
    (fault,) = clone.ledger().check_history()
    assert "do not follow from the entries before it" in fault.message
