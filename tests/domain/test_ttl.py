from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.units import MAX_TTL, expiry, format_ttl, parse_ttl
from previewer.errors import UsageError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ttl"),
    [
        ("90m", timedelta(minutes=90)),
        ("10h", timedelta(hours=10)),
        ("5d", timedelta(days=5)),
        ("1d12h", timedelta(hours=36)),
        ("1d0h5m", timedelta(days=1, minutes=5)),
        (" 2d ", timedelta(days=2)),
        ("never", None),
    ],
)
def test_the_grammar(text: str, ttl: timedelta | None) -> None:
    assert parse_ttl(text) == ttl


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0m",
        "0d0h",
        "5",
        "5s",
        "-5d",
        "5 d",
        "12h1d",
        "1d1d",
        "1.5h",
        "Never",
        "5D",
        "٥d",
        "3651d",
        "9" * 99,
    ],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ttl(text)
    assert "1d12h" in (caught.value.hint or "")


@given(st.integers(min_value=1, max_value=int(MAX_TTL.total_seconds() // 60)))
def test_what_is_formatted_is_read_back(minutes: int) -> None:
    ttl = timedelta(minutes=minutes)
    assert parse_ttl(format_ttl(ttl)) == ttl


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        ttl = parse_ttl(text)
    except UsageError:
        return
    assert ttl is None or timedelta() < ttl <= MAX_TTL


@pytest.mark.parametrize(
    ("ttl", "text"),
    [(None, "never"), (timedelta(minutes=90), "1h30m"), (timedelta(seconds=61), "2m"), (timedelta(), "1m")],
)
def test_formatting(ttl: timedelta | None, text: str) -> None:
    assert format_ttl(ttl) == text


def test_what_never_expires() -> None:
    assert expiry(None, now=NOW) is None


def test_an_expiry_has_whole_seconds() -> None:
    assert expiry(timedelta(hours=1), now=NOW.replace(microsecond=5)) == NOW + timedelta(hours=1)
