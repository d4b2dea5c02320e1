"""How many git processes a question costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from previewer.git.command import GitCommand
from previewer.source.git import GitSource
from tests.source.repository import GitRepository


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are started from now on."""
    commands: list[str] = []
    command_line = GitCommand.command_line

    def tell(self: GitCommand, arguments: tuple[str, ...]) -> list[str]:
        commands.append(arguments[0])
        return command_line(self, arguments)

    monkeypatch.setattr(GitCommand, "command_line", tell)
    return commands


@pytest.fixture
def source(tmp_path: Path, started: list[str]) -> Iterator[GitSource]:
    repository = GitRepository(tmp_path)
    repository.commit({"file": "one"})
    with closing(GitSource(tmp_path)) as opened:
        started.clear()
        yield opened


def test_listing_branches_is_one_process(source: GitSource, started: list[str]) -> None:
    assert [branch.name for branch in source.branches()] == ["main"]
    assert started == ["for-each-ref"]


def test_the_files_of_a_commit_are_listed_once(source: GitSource, started: list[str]) -> None:
    commit = source.resolve("main").commit.id
    started.clear()
    assert source.tree(commit).read("file") == source.tree(commit).read("file") == b"one"
    assert started.count("ls-tree") == 1


def test_a_name_is_looked_up_each_time(source: GitSource, started: list[str]) -> None:
    started.clear()
    assert source.tree("main").read("file") == source.tree("main").read("file") == b"one"
    assert started.count("ls-tree") == 2
