"""Options and fixtures of the user interface's tests."""

from __future__ import annotations

import pytest

from tests.worlds.tui import World


def pytest_addoption(parser: pytest.Parser) -> None:
    """``pytest tests/tui --update-tui-snapshots`` writes what the tests compare with."""
    parser.addoption("--update-tui-snapshots", action="store_true", help="rewrite tests/tui/snapshots")


@pytest.fixture
def updates_snapshots(request: pytest.FixtureRequest) -> bool:
    """Whether the snapshots are to be written."""
    return bool(request.config.getoption("--update-tui-snapshots", default=False))


@pytest.fixture
def world() -> World:
    """A repository and an engine in memory."""
    return World()
