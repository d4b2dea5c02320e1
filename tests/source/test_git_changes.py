"""What lies between two commits of a real repository."""

from __future__ import annotations

from pathlib import Path

from previewer.domain.commit.revision import Change, FileChange
from previewer.source.git import GitSource
from previewer.testing.memory.source import MemorySource
from tests.source.repository import GitRepository


def test_files_are_added_removed_and_changed_with_their_lines(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    old = repository.commit({"a.txt": "1\n2\n", "b\tc": "x\n", "gone": "x\n", "picture": b"\0\1"})
    repository.git("rm", "--quiet", "gone")
    new = repository.commit({"a.txt": "1\n3\n4\n", "ü/new": "x\n", "picture": b"\0\2", "b\tc": "y\n"})
    assert GitSource(tmp_path).changed_files(old, new) == (
        FileChange("a.txt", Change.CHANGED, 2, 1),
        FileChange("b\tc", Change.CHANGED, 1, 1),
        FileChange("gone", Change.REMOVED, 0, 1),
        FileChange("picture", Change.CHANGED, None, None),
        FileChange("ü/new", Change.ADDED, 1, 0),
    )
    assert GitSource(tmp_path).changed_files(old, old) == ()


def test_a_moved_file_is_removed_and_added_whatever_the_user_has_set(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    repository.git("config", "diff.renames", "copies")
    old = repository.commit({"a": "same\n" * 20})
    repository.git("mv", "a", "b")
    new = repository.commit()
    changes = GitSource(tmp_path).changed_files(old, new)
    assert [(found.path, found.change) for found in changes] == [("a", Change.REMOVED), ("b", Change.ADDED)]


def test_commits_that_only_one_side_has(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    repository.commit({"a": "1"})
    repository.git("checkout", "--quiet", "-b", "side")
    side = repository.commit({"b": "1"}, subject="side")
    repository.git("checkout", "--quiet", "main")
    ours = [repository.commit({"a": str(number)}, subject=f"main {number}") for number in (2, 3)]
    source = GitSource(tmp_path)
    assert [commit.subject for commit in source.commits_between(side, ours[1], limit=9)] == ["main 3", "main 2"]
    assert [commit.subject for commit in source.commits_between(side, ours[1], limit=1)] == ["main 3"]
    assert [commit.id for commit in source.commits_between(ours[1], side, limit=9)] == [side]
    assert source.commits_between(side, side, limit=9) == ()


def test_a_commit_is_found_by_its_full_id_and_nothing_else(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    commit = repository.commit({"a": "1"}, subject="first")
    source = GitSource(tmp_path)
    found = source.find_commit(commit)
    assert found is not None
    assert (found.id, found.subject) == (commit, "first")
    for text in ("main", commit[:12], "0" * 40, "", "HEAD", repository.git("rev-parse", "HEAD^{tree}")):
        assert source.find_commit(text) is None


def test_a_source_in_memory_tells_the_same_story() -> None:
    source = MemorySource()
    old = source.commit("main", {"a": "1", "gone": "x"})
    new = source.commit("main", {"a": "2", "new": "x"})
    assert [(found.path, found.change) for found in source.changed_files(old.id, new.id)] == [
        ("a", Change.CHANGED),
        ("gone", Change.REMOVED),
        ("new", Change.ADDED),
    ]
    assert source.commits_between(old.id, new.id, limit=9) == (new,)
    assert source.find_commit(old.id) == old
    assert source.find_commit(old.id[:9]) is None
    assert source.commits_between(new.id, old.id, limit=9) == ()


def test_the_origin_has_neither_user_nor_password(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    repository.commit({"a": "1"})
    assert GitSource(tmp_path).origin is None
    repository.git("remote", "add", "origin", "https://ada:secret@Example.org/shop.git")
    assert GitSource(tmp_path).origin == "example.org/shop"


def test_a_bisection_halves_what_is_left_whatever_was_merged(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    commits = [repository.commit({"a": str(number)}) for number in range(9)]
    source = GitSource(tmp_path)
    best, *others = source.bisection([commits[0]], commits[8])
    assert best == commits[4]
    assert {best, *others} == set(commits[1:])
    assert source.bisection([commits[0], commits[7]], commits[8]) == (commits[8],)
    assert source.bisection([commits[8]], commits[0]) == ()
    repository.git("checkout", "--quiet", "-b", "side", commits[6])
    side = repository.commit({"b": "side"})
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    assert side in source.bisection([commits[8]], repository.git("rev-parse", "HEAD"))
