"""The engine's clock beside ours. Everything that an engine tells or is told a time goes through here.

A virtual machine's clock can be wrong by minutes, and a user's machine's as well. Times of an engine are therefore
brought onto our clock where they are read, and ours onto its clock where they are sent: whatever compares two
times has two of the same clock.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from previewer.docker_api.answers import Info
from previewer.docker_api.wire.protocol import PING, EngineRequest, RefusedError, UnreadableAnswerError, Wire

FRESH_SECONDS = 10.0
"""A measurement is good for so long: clocks are set, and machines sleep."""
PATIENCE_SECONDS = 60.0
SECOND = timedelta(seconds=1)


class EngineClock:
    """How far the engine's clock is ahead of ours, measured when needed. Safe to use from several threads."""

    def __init__(self, wire: Wire, info: EngineRequest) -> None:
        """``info`` is the request whose answer has the engine's time to the nanosecond."""
        self._wire = wire
        self._info = info
        self._lock = threading.Lock()
        self._ahead = timedelta()
        self._measured: float | None = None

    @property
    def ahead(self) -> timedelta:
        """By how much the engine's clock is ahead; zero below a second, the precision of the comparison.

        An engine that does not answer is as far ahead as it was.
        """
        with self._lock:
            if self._measured is None or time.monotonic() - self._measured > FRESH_SECONDS:
                with suppress(ConnectionError, TimeoutError, RefusedError, UnreadableAnswerError):
                    self._ahead = self._measure()
                self._measured = time.monotonic()
            return self._ahead

    def ours(self, timestamp: datetime) -> datetime:
        """A time that the engine told, on our clock."""
        return timestamp - self.ahead

    def theirs(self, timestamp: datetime) -> datetime:
        """A time of ours as the engine calls it."""
        return timestamp + self.ahead

    def _measure(self) -> timedelta:
        sent = datetime.now(UTC)
        headers = self._wire.exchange(PING, patience=PATIENCE_SECONDS).headers
        try:
            said = parsedate_to_datetime(headers["date"])
        except (KeyError, ValueError):
            return timedelta()
        if said <= datetime.now(UTC) and sent <= said + SECOND:  # cut off to the second
            return timedelta()
        return self._measure_exactly() or said + SECOND / 2 - sent

    def _measure_exactly(self) -> timedelta | None:
        sent = datetime.now(UTC)
        answer = self._wire.exchange(self._info, patience=PATIENCE_SECONDS)
        received = datetime.now(UTC)
        answer.check()
        said = read_timestamp(answer.read(Info).system_time)
        return None if said is None else said - (sent + (received - sent) / 2)


def read_timestamp(text: str) -> datetime | None:
    """A time of RFC 3339 on the engine's clock, to the microsecond; ``None`` for "never", which is the year 1."""
    try:
        timestamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    return timestamp if timestamp.tzinfo is not None and timestamp.year > 1 else None
