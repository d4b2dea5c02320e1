"""``--since``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from previewer.cli.moments import parse_since
from previewer.errors import UsageError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("1d12h", NOW - timedelta(days=1, hours=12)),
        ("90s", NOW - timedelta(seconds=90)),
        ("2026-01-30T10:00:00Z", datetime(2026, 1, 30, 10, tzinfo=UTC)),
        ("2026-01-30T10:00:00", datetime(2026, 1, 30, 10, tzinfo=UTC)),
        ("2026-01-30T10:00:00+02:00", datetime(2026, 1, 30, 8, tzinfo=UTC)),
        ("2026-01-30", datetime(2026, 1, 30, tzinfo=UTC)),
    ],
)
def test_since(text: str, moment: datetime) -> None:
    assert parse_since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "m", "10", "10x", "1h1d", "yesterday", "-5m", f"{10**30}d"])
def test_not_a_moment(text: str) -> None:
    with pytest.raises(UsageError):
        parse_since(text, NOW)
