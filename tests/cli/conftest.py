"""Options and fixtures of the command line's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def updates_goldens(request: pytest.FixtureRequest) -> bool:
    """Whether the goldens are to be written."""
    return bool(request.config.getoption("--update-cli-goldens"))


@pytest.fixture
def golden(updates_goldens: bool) -> Callable[[str, str], None]:
    """Compare text with a file of tests/cli/golden."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if updates_goldens:
            path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        assert path.exists(), (
            f"no golden {name}: run pytest tests/cli --update-cli-goldens and read the difference"
        )
        assert text == path.read_bytes().decode("utf-8")

    return compare
