"""The lines of several services, each service's in a ring of its own, merged by the time they were written."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import NamedTuple

from previewer.engine.protocol import LogLine
from previewer.tui.tracebacks import Traceback, Tracebacks

MOST_LINES = 20_000
"""Kept of each service; the oldest go first, and only for newer ones of the same service."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class TimedLine(NamedTuple):
    """A line with its place among those of other services."""

    at: datetime
    """When it was written; of a line without a time, when the one before it was."""
    entry: LogLine
    traceback: Traceback | None = None
    """The one that it belongs to, with the lines before and after it."""


class LogRings:
    """Belongs to the user interface's thread."""

    def __init__(self) -> None:
        self._rings: dict[str, deque[TimedLine]] = {}
        self._tracebacks = Tracebacks()

    def add(self, entries: Sequence[LogLine]) -> list[TimedLine]:
        """Keep these lines; they come back by time."""
        timed: list[TimedLine] = []
        for entry in entries:
            ring = self._rings.setdefault(entry.service, deque(maxlen=MOST_LINES))
            at = entry.at or (ring[-1].at if ring else _NEVER)
            ring.append(TimedLine(at, entry, self._tracebacks.place(entry)))
            timed.append(ring[-1])
        timed.sort(key=_time)
        return timed

    def lines(self, service: str | None) -> list[TimedLine]:
        """One service's lines, or those of all by time."""
        rings = self._rings.values() if service is None else [self._rings.get(service, deque())]
        return sorted(chain.from_iterable(rings), key=_time)

    def clear(self) -> None:
        """Forget everything."""
        self._rings.clear()
        self._tracebacks.clear()


def _time(line: TimedLine) -> datetime:
    return line.at
