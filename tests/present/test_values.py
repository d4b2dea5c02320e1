"""States, lengths of time and sizes as both front ends show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from previewer.domain.commit.revision import Change
from previewer.domain.drift.finding import Severity
from previewer.domain.environment.environment import State
from previewer.domain.policy.check import Verdict as DoctorVerdict
from previewer.domain.progress import Outcome
from previewer.domain.release.attestation import Verdict
from previewer.present.safe_text import cell_width
from previewer.present.values import SIGNS, Tone, age, duration, signed, size, stopwatch, time_left

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("words", [State, Outcome, Severity, Change, Verdict, DoctorVerdict])
def test_every_word_that_says_how_something_is_has_a_sign(words: type[Enum]) -> None:
    for word in words:
        glyph, _tone = SIGNS[word.value]
        assert cell_width(glyph) == 1
        assert signed(word.value).text == f"{glyph} {word.value}"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0B"), (900, "900B"), (4 * 1024, "4.0K"), (84 * 1024**2, "84M"), (1.94 * 1024**3, "1.9G")],
)
def test_size(count: float, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3600, "1h"),
        (3600 + 59 * 60, "1h 59m"),
        (4 * 3600 + 1800, "4h"),
        (86400 + 4 * 3600, "1d 4h"),
        (12 * 86400, "1w 5d"),
        (30 * 86400, "4w"),
        (800 * 86400, "2y 10w"),
    ],
)
def test_span(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@given(st.floats(0, 10**10))
def test_a_span_fits_a_column(seconds: float) -> None:
    assert len(duration(seconds)) <= 7


@pytest.mark.parametrize(
    ("timestamp", "shown"),
    [(NOW, "now"), (NOW + timedelta(hours=1), "now"), (NOW - timedelta(minutes=5), "5m")],
)
def test_age(timestamp: datetime, shown: str) -> None:
    assert age(timestamp, NOW) == shown


@pytest.mark.parametrize(
    ("expires_at", "shown", "tone"),
    [
        (None, "never", "QUIET"),
        (NOW + timedelta(days=3), "3d", "PLAIN"),
        (NOW + timedelta(minutes=90), "! 1h 30m", "WARN"),
        (NOW, "expired", "BAD"),
    ],
)
def test_time_left(expires_at: datetime | None, shown: str, tone: str) -> None:
    assert time_left(expires_at, NOW) == (shown, Tone[tone])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0s"), (4.25, "4.2s"), (9.94, "9.9s"), (9.96, "10s"), (42, "42s"), (59.7, "1m 00s"), (187, "3m 07s")],
)
def test_stopwatch(seconds: float, shown: str) -> None:
    assert stopwatch(seconds) == shown
