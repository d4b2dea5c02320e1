"""Repositories to read, and sources that are closed again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from previewer.source.git import GitSource
from tests.source.repository import GitRepository, Opener


@pytest.fixture(autouse=True)
def own_git_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine's settings decide nothing here."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """One commit on ``main``."""
    made = GitRepository(tmp_path / "My Shop")
    made.commit({"a.txt": "one"}, subject="first")
    return made


@pytest.fixture
def open_source() -> Iterator[Opener]:
    """Opens sources and closes them at the end."""
    opened: list[GitSource] = []

    def open_it(path: Path) -> GitSource:
        opened.append(GitSource(path))
        return opened[-1]

    yield open_it
    for source in opened:
        source.close()
