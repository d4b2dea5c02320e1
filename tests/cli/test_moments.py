"""``--since``, and how long it is until an environment expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from previewer.cli.rows.cells import parse_since, show_time_left
from previewer.cli.rows.cells import timestamp as json_timestamp
from previewer.errors import UsageError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "timestamp"),
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
def test_since(text: str, timestamp: datetime) -> None:
    assert parse_since(text, NOW) == timestamp


@pytest.mark.parametrize("text", ["", "m", "10", "10x", "1h1d", "yesterday", "-5m", f"{10**30}d"])
def test_not_a_moment(text: str) -> None:
    with pytest.raises(UsageError):
        parse_since(text, NOW)


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (timedelta(days=3), "3d"),
        (timedelta(days=3, seconds=-2), "3d"),
        (timedelta(days=3, minutes=-1), "2d 23h"),
        (timedelta(minutes=90, seconds=-59), "! 1h 30m"),
        (timedelta(minutes=9, seconds=50), "! 9m"),
        (timedelta(seconds=20), "! 20s"),
        (timedelta(0), "expired"),
    ],
)
def test_time_left_does_not_drop_by_an_hour_in_the_first_second(left: timedelta, shown: str) -> None:
    assert show_time_left(NOW)(json_timestamp(NOW + left)).text == shown
