"""Moments as cells: how long ago, how long still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from previewer.cli.style import Style
from previewer.cli.table import ABSENT, Cell
from previewer.domain.json_value import JsonValue
from previewer.domain.labels import format_time, parse_time
from previewer.domain.ttl import time_left

_UNITS = (("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_EXPIRES_SOON = timedelta(hours=2)


def moment(value: datetime | None) -> str | None:
    """A moment as JSON has it: RFC 3339 in UTC."""
    return None if value is None else format_time(value)


def show_age(now: datetime) -> Callable[[JsonValue], Cell]:
    """How long ago a moment was: ``3h``."""

    def show(value: JsonValue) -> Cell:
        return Cell(_span(now - parse_time(value))) if isinstance(value, str) else Cell(ABSENT)

    return show


def show_time_left(now: datetime) -> Callable[[JsonValue], Cell]:
    """How long it is until a moment: ``2d 4h``, ``expired``; ``never`` for none."""

    def show(value: JsonValue) -> Cell:
        if not isinstance(value, str):
            return Cell("never", Style.FAINT)
        left = time_left(parse_time(value), now=now)
        if left <= timedelta():
            return Cell("expired", Style.BAD)
        return Cell(_span(left), Style.BUSY if left < _EXPIRES_SOON else Style.PLAIN)

    return show


def _span(length: timedelta) -> str:
    """The largest unit; with the next one below while the number is small."""
    seconds = max(0, int(length.total_seconds()))
    for (unit, size), (below, below_size) in pairwise(_UNITS):
        count, rest = divmod(seconds, size)
        if count:
            few = count < 4 and rest >= below_size
            return f"{count}{unit} {rest // below_size}{below}" if few else f"{count}{unit}"
    return f"{seconds}s"
