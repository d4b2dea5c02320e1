"""Options and fixtures of the user interface's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.tui import World


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/tui --update-tui-snapshots`` writes what the tests compare with; how long the soak is."""
    parser.addoption("--update-tui-snapshots", action="store_true", help="rewrite tests/tui/snapshots")
    parser.addoption("--soak-seeds", type=int, default=1, help="how often random keys are typed")
    parser.addoption("--soak-keys", type=int, default=120, help="how many random keys are typed each time")


@pytest.fixture
def updates_snapshots(request: pytest.FixtureRequest) -> bool:
    """Whether the snapshots are to be written."""
    return bool(request.config.getoption("--update-tui-snapshots", default=False))


@pytest.fixture
def world() -> World:
    """A repository and an engine in memory."""
    return World()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys save logs and reports to the current folder."""
    monkeypatch.chdir(tmp_path)
