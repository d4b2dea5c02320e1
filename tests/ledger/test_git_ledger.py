"""What only a ledger in git promises: shared by clones, tamper-evident, locks of the dead."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from previewer.domain.naming import LEDGER_REFS, LOCK_REFS, release_ref
from previewer.domain.record.notes import EnvironmentNotes
from previewer.domain.stored import from_bytes, to_bytes
from previewer.errors import LockedError, SourceError
from previewer.ledger.git import GitLedger
from previewer.ledger.locks import LockOwner
from previewer.process_identity import ProcessIdentity, current_process, is_dead, process_start
from tests.ledger.test_contract import ENTRY, NOW, make_release
from tests.source.repository import GitRepository

INSTALLATION = "0123456789abcdef"
PINNED = EnvironmentNotes(1, pinned=True)
LOCK = f"{LOCK_REFS}/shop-main"


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "shop")
    made.commit({"a": "1"})
    return made


def open_ledger(path: Path, takeovers: list[str] | None = None) -> GitLedger:
    def note(environment: str, owner: LockOwner) -> None:
        if takeovers is not None:
            takeovers.append(f"{environment}: {owner.actor}, {owner.purpose}")

    return GitLedger(path, installation=INSTALLATION, actor="ada@laptop", clock=lambda: NOW, on_takeover=note)


def dead_owner(process: ProcessIdentity, actor: str = "bob@laptop") -> bytes:
    return to_bytes(LockOwner(actor, process, NOW, "up", "t"))


def hold(repository: GitRepository, content: bytes) -> str:
    run = repository.ledger_git if repository.ledger.exists() else repository.git
    blob = run("hash-object", "-w", "--stdin", input_text=content.decode())
    run("update-ref", LOCK, blob)
    return blob


def ended_process() -> ProcessIdentity:
    """A process that lived and ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    here = current_process()
    identity = ProcessIdentity(
        here.host, here.machine, here.boot, here.namespace, child.pid, process_start(child.pid) or ""
    )
    assert not is_dead(identity)
    child.communicate(b"\n")
    return identity


def test_every_clone_writes_the_same_release_object(repository: GitRepository, tmp_path: Path) -> None:
    release = make_release(repository.git("rev-parse", "HEAD"))
    repository.git("clone", "--quiet", str(repository.path), str(tmp_path / "clone"))
    found = set()
    for path in (repository.path, tmp_path / "clone"):
        open_ledger(path).store_release(release)
        found.add(repository.git("-C", str(path), "rev-parse", release_ref(release.id)))
    assert len(found) == 1
    assert repository.git("rev-parse", f"{found.pop()}^") == release.commit


def test_a_history_that_went_on_meanwhile_is_appended_to_as_it_is_now(repository: GitRepository) -> None:
    ours, theirs = open_ledger(repository.path), open_ledger(repository.path)
    ours.append(structs.replace(ENTRY, action="up", notes={"shop-a": PINNED}))
    theirs.append(structs.replace(ENTRY, action="pin", notes={"shop-b": PINNED}))
    ours.append(structs.replace(ENTRY, action="down", notes={"shop-a": EnvironmentNotes()}))
    assert [entry.action for entry in theirs.entries()] == ["down", "pin", "up"]
    assert ours.notes() == theirs.notes() == {"shop-b": PINNED}


def test_a_history_that_was_cut_off_begins_again(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    ledger.append(ENTRY)
    for reference in repository.ledger_git("for-each-ref", "--format=%(refname)", LEDGER_REFS).split():
        repository.ledger_git("update-ref", "-d", reference)
    ledger.append(structs.replace(ENTRY, action="down"))
    assert [entry.action for entry in ledger.entries()] == ["down"]


def test_a_release_of_an_unknown_commit_is_not_kept(repository: GitRepository) -> None:
    with pytest.raises(SourceError, match="not in this repository"):
        open_ledger(repository.path).store_release(make_release("3" * 40))


def test_a_forged_release_is_noticed(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    real, other = (make_release(repository.git("rev-parse", "HEAD"), image=image) for image in "ab")
    ledger.store_release(real)
    ledger.store_release(other)
    repository.git("update-ref", release_ref(real.id), release_ref(other.id))
    with pytest.raises(SourceError, match="does not match") as caught:
        ledger.load_release(real.id)
    assert caught.value.where == release_ref(real.id)
    assert ledger.releases() == (other,)
    assert "does not match" in ledger.faults[0].message


def test_an_ambiguous_beginning_lists_what_it_may_mean(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", release_ref("abcd" + "1" * 60), head)
    repository.git("update-ref", release_ref("abcd" + "2" * 60), head)
    with pytest.raises(Exception, match="several") as caught:
        ledger.load_release("abcd")
    assert "abcd11111111" in str(getattr(caught.value, "hint", ""))


def test_the_history_is_a_chain_of_commits(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    ledger.append(ENTRY)
    ledger.append(ENTRY)
    tip = f"{LEDGER_REFS}/{INSTALLATION}"
    assert repository.ledger_git("rev-list", "--count", tip) == "2"
    assert json.loads(repository.ledger_git("cat-file", "blob", f"{tip}:entry.json"))["action"] == "up"
    assert repository.ledger_git("log", "-1", "--format=%s", tip) == "up shop-main"


def test_everything_survives_packing_and_garbage_collection(repository: GitRepository) -> None:
    ledger = open_ledger(repository.path)
    release = make_release(repository.git("rev-parse", "HEAD"))
    ledger.store_release(release)
    ledger.append(ENTRY)
    with ledger.lock("shop-main", purpose="up"):
        repository.ledger_git("pack-refs", "--all", "--prune")
        repository.ledger_git("gc", "--quiet", "--prune=now")
        repository.git("pack-refs", "--all", "--prune")
        repository.git("checkout", "--quiet", "--orphan", "elsewhere")
        repository.git("branch", "--quiet", "-D", "main")
        repository.git("gc", "--quiet", "--prune=now")
        with pytest.raises(LockedError), ledger.lock("shop-main", purpose="down"):
            pytest.fail("both hold it")
    assert ledger.load_release(release.id) == release
    assert ledger.entries() == (ENTRY,)
    assert repository.git("cat-file", "-t", release.commit) == "commit"
    repository.git("fsck", "--strict")
    assert repository.ledger_git("for-each-ref", LOCK_REFS) == ""


def test_worktrees_share_releases_history_and_locks(repository: GitRepository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    here, there = open_ledger(repository.path), open_ledger(tmp_path / "other")
    here.append(ENTRY)
    assert there.entries() == (ENTRY,)
    with here.lock("shop-main", purpose="up"), pytest.raises(LockedError), there.lock("shop-main", purpose="up"):
        pytest.fail("both hold it")


def test_nothing_but_references_and_objects_changes(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = repository.path / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {repository.path}/ran\nexit 1\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.path / "index"))
    open_ledger(repository.path).append(ENTRY)
    monkeypatch.undo()
    assert sorted(file.name for file in repository.path.iterdir()) == [".git", "a"]
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize("state", ["ended", "other boot", "number used again"])
def test_a_dead_owner_s_lock_is_taken_over_and_said(repository: GitRepository, state: str) -> None:
    here = current_process()
    process = {
        "ended": ended_process(),
        "other boot": ProcessIdentity(here.host, here.machine, "earlier", here.namespace, here.pid, here.started),
        "number used again": ProcessIdentity(here.host, here.machine, here.boot, here.namespace, here.pid, "1"),
    }[state]
    hold(repository, dead_owner(process))
    takeovers: list[str] = []
    with open_ledger(repository.path, takeovers).lock("shop-main", purpose="down"):
        pass
    assert takeovers == ["shop-main: bob@laptop, up"]
    assert repository.ledger_git("for-each-ref", LOCK_REFS) == ""


@pytest.mark.parametrize("part", ["host", "machine", "namespace"])
def test_an_owner_that_cannot_be_seen_from_here_is_taken_for_alive(repository: GitRepository, part: str) -> None:
    here = current_process()
    parts = {name: getattr(here, name) for name in ("host", "machine", "boot", "namespace", "pid")}
    hold(repository, dead_owner(ProcessIdentity(**{**parts, part: "elsewhere", "started": "1"})))
    with pytest.raises(LockedError) as caught, open_ledger(repository.path).lock("shop-main", purpose="down"):
        pytest.fail("taken over")
    remedy = (caught.value.hint or "").partition("gone for good: ")[2]
    assert remedy.startswith("git ")
    repository.git(*shlex.split(remedy)[1:])
    with open_ledger(repository.path).lock("shop-main", purpose="down"):
        pass


def test_a_lock_of_unknown_make_is_respected(repository: GitRepository) -> None:
    hold(repository, b"not json")
    with pytest.raises(LockedError), open_ledger(repository.path).lock("shop-main", purpose="down"):
        pytest.fail("taken over")


def test_a_lock_that_another_run_got_is_not_given_back(repository: GitRepository) -> None:
    with open_ledger(repository.path).lock("shop-main", purpose="up"):
        blob = hold(repository, dead_owner(current_process(), actor="eve"))
    assert repository.ledger_git("rev-parse", LOCK) == blob


def test_a_lock_s_owner_round_trips() -> None:
    owner = LockOwner("ada", current_process(), datetime(2026, 1, 1, tzinfo=UTC), "up [red] x", "t")
    assert from_bytes(to_bytes(owner), LockOwner) == owner
