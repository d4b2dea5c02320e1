"""A release that is kept with the files it serves: read without its commit, the same object in every clone."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from previewer.domain.commit.files import EntryKind, FileTree
from previewer.domain.compose.mounted_files import digest_tree_files, served_entries
from previewer.domain.naming import release_ref
from previewer.domain.release.release import Release
from previewer.errors import SourceError
from previewer.git.configuration import STORE_KEY
from previewer.ledger.git import GitLedger
from previewer.source.git import GitSource
from previewer.testing.memory.ledger import MemoryLedger
from tests.ledger.test_contract import NOW, make_release
from tests.source.repository import GitRepository

SOURCES = ("etc", "link/motd", "run.sh", "data/ü x", "shared")


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "shop")
    (made.path / "link").symlink_to("etc/deep")
    (made.path / "run.sh").write_text("#!/bin/sh\n")
    (made.path / "run.sh").chmod(0o755)
    made.git("add", "link", "run.sh")
    made.commit({"etc/deep/er/motd": "a", "etc/deep/motd": "b", "data/ü x": b"\xff", "secret": "not served"})
    made.git("update-index", "--add", "--cacheinfo", f"160000,{'5' * 40},shared")
    made.commit()
    return made


def release_of(path: Path) -> tuple[Release, FileTree]:
    source = GitSource(path)
    commit = source.resolve("HEAD").commit
    tree = source.tree(commit.id)
    return structs.replace(make_release(commit.id), files=digest_tree_files(tree, SOURCES)), tree


def open_ledger(path: Path) -> GitLedger:
    return GitLedger(path, installation="0123456789abcdef", actor="ada@laptop", clock=lambda: NOW)


def make_store(repository: GitRepository, folder: Path) -> Path:
    """A repository for releases alone."""
    repository.git("init", "--quiet", "--bare", str(folder))
    repository.git("-C", str(folder), "config", STORE_KEY, "true")
    return folder


def contents(tree: FileTree | None) -> dict[str, tuple[EntryKind, bytes]]:
    assert tree is not None
    return {e.path: (e.kind, b"" if e.kind is EntryKind.SUBMODULE else tree.read_entry(e)) for e in tree}


def test_exactly_the_served_files_are_kept(repository: GitRepository) -> None:
    release, tree = release_of(repository.path)
    ledger = open_ledger(repository.path)
    ledger.store_release(release)
    kept = ledger.served_files(release.commit)
    assert contents(kept) == {
        "data/ü x": (EntryKind.FILE, b"\xff"),
        "etc/deep/er/motd": (EntryKind.FILE, b"a"),
        "etc/deep/motd": (EntryKind.FILE, b"b"),
        "link": (EntryKind.SYMLINK, b"etc/deep"),
        "run.sh": (EntryKind.EXECUTABLE, b"#!/bin/sh\n"),
        "shared": (EntryKind.SUBMODULE, b""),
    }
    assert kept is not None
    assert kept.read("link/motd") == b"b"
    assert digest_tree_files(kept, SOURCES) == release.files
    reference = release_ref(release.id)
    whole = repository.git("rev-parse", "HEAD:etc")
    assert repository.git("rev-parse", f"{reference}:files/etc") == whole, "git's own trees, so no bytes twice"
    assert contents(tree).keys() > contents(kept).keys()


def test_a_store_without_the_commit_holds_the_very_same_object(repository: GitRepository, tmp_path: Path) -> None:
    release, tree = release_of(repository.path)
    store = make_store(repository, tmp_path / "store.git")
    open_ledger(repository.path).store_release(release)
    open_ledger(store).store_release(release, tree=tree)
    open_ledger(store).store_release(release, tree=tree)
    reference = release_ref(release.id)
    assert repository.git("-C", str(store), "rev-parse", reference) == repository.git("rev-parse", reference)
    assert open_ledger(store).releases_of(release.commit) == (release,)
    assert contents(open_ledger(store).served_files(release.commit)) == contents(
        open_ledger(repository.path).served_files(release.commit)
    )
    repository.git("-C", str(store), "gc", "--quiet", "--prune=now")
    repository.git("-C", str(store), "fsck", "--strict")
    assert open_ledger(store).load_release(release.id) == release
    assert open_ledger(store).served_files(release.commit) is not None


def test_a_clone_takes_no_release_whose_commit_it_lacks(repository: GitRepository, tmp_path: Path) -> None:
    release, tree = release_of(repository.path)
    other = GitRepository(tmp_path / "other")
    other.commit({"a": "1"})
    with pytest.raises(SourceError, match="not in this repository") as caught:
        open_ledger(other.path).store_release(release, tree=tree)
    assert caught.value.hint == f"fetch it: git fetch origin {release.commit}"


def test_files_that_are_not_what_the_release_names_are_noticed(repository: GitRepository) -> None:
    release, _ = release_of(repository.path)
    forged = structs.replace(release, files={**release.files, "etc": "sha256:" + "0" * 64})
    open_ledger(repository.path).store_release(forged)
    with pytest.raises(SourceError, match="not those that it names"):
        open_ledger(repository.path).served_files(forged.commit)


def test_a_release_that_serves_no_files_needs_no_tree(repository: GitRepository) -> None:
    release = make_release(repository.git("rev-parse", "HEAD"))
    ledger = open_ledger(repository.path)
    ledger.store_release(release)
    assert contents(ledger.served_files(release.commit)) == {}
    assert ledger.served_files("3" * 40) is None


def test_memory_keeps_them_too(repository: GitRepository) -> None:
    release, tree = release_of(repository.path)
    serving = structs.replace(
        release, files={path: digest for path, digest in release.files.items() if path != "shared"}
    )
    ledger = MemoryLedger()
    ledger.store_release(serving, tree=tree)
    kept = ledger.served_files(serving.commit)
    assert kept is not None
    assert digest_tree_files(kept, serving.files) == serving.files
    assert {e.path for e in kept} == {e.path for e in served_entries(tree, serving.files)}
    assert ledger.served_files("3" * 40) is None
