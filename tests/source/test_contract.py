"""What every source promises, on memory and git alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.errors import NotFoundError, SourceError
from previewer.source.git import GitSource
from previewer.source.protocol import Source
from previewer.testing.memory.source import MemorySource
from tests.source.repository import GitRepository

FILES = {"compose.yaml": "services: {}\n", "web/Dockerfile": "FROM scratch\n"}


@pytest.fixture(params=["memory", "git"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """``main`` with two commits, ``feature/x`` with one more, newer."""
    if request.param == "memory":
        memory = MemorySource()
        memory.commit("main", {**FILES, "old": ""}, subject="first")
        memory.commit("main", FILES, subject="second")
        memory.commit("feature/x", {**FILES, "new": "new"}, subject="third")
        yield memory
        return
    repository = GitRepository(tmp_path / "shop")
    repository.commit({**FILES, "old": ""}, subject="first")
    repository.git("rm", "--quiet", "old")
    repository.commit(subject="second")
    repository.git("branch", "feature/x")
    repository.git("checkout", "--quiet", "feature/x")
    repository.commit({"new": "new"}, subject="third")
    repository.git("checkout", "--quiet", "main")
    repository.git("config", "user.name", "Ada")
    repository.git("config", "user.email", "ada@example.org")
    git = GitSource(repository.path)
    yield git
    git.close()


def test_branches(source: Source) -> None:
    assert [(b.name, b.subject, b.is_current) for b in source.branches()] == [
        ("feature/x", "third", False),
        ("main", "second", True),
    ]
    assert source.default_branch().name == "main"
    assert source.project == "shop"
    assert len(source.installation) == 16
    assert "@" in source.actor


def test_revisions(source: Source) -> None:
    tip = source.resolve("main")
    assert (tip.commit.subject, tip.branch, tip.text) == ("second", "main", "main")
    assert source.resolve("HEAD").branch == "main"
    assert source.resolve("main~1").commit.subject == "first"
    assert source.resolve("main~1").branch is None
    for text in (tip.commit.id, tip.commit.short):
        assert (source.resolve(text).commit, source.resolve(text).branch) == (tip.commit, None)
    with pytest.raises(NotFoundError) as caught:
        source.resolve("feature/y")
    assert "feature/x" in (caught.value.hint or "")


def test_commits_and_trees(source: Source) -> None:
    assert [commit.subject for commit in source.commits("main", limit=5)] == ["second", "first"]
    assert len(source.commits("main", limit=1)) == 1
    tree = source.tree(source.resolve("feature/x").commit.id)
    assert [entry.path for entry in tree] == ["compose.yaml", "new", "web/Dockerfile"]
    assert tree.read("new") == b"new"
    with pytest.raises(NotFoundError):
        source.tree("0" * 40)


def test_a_commit_is_made_on_a_branch(source: Source) -> None:
    base = source.resolve("main").commit.id
    made = source.commit_to_branch(
        "new/one", base, {"web/a/b.txt": "new", "compose.yaml": "{}\n"}, message="Say so"
    )
    assert source.resolve("new/one").commit == made
    assert made.subject == "Say so"
    assert [(one.path, one.change.value) for one in source.changed_files(base, made.id)] == [
        ("compose.yaml", "changed"),
        ("web/a/b.txt", "added"),
    ]
    assert source.tree(made.id).read("web/Dockerfile") == b"FROM scratch\n"
    assert [one.id for one in source.commits_between(base, made.id, limit=9)] == [made.id]
    with pytest.raises(SourceError):
        source.commit_to_branch("main", base, {"a": "b"}, message="It is checked out")
    assert source.resolve("main").commit.id == base
