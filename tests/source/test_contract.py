"""What every source promises, on memory and git alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.errors import NotFoundError
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
