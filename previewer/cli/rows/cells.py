"""Ids, sizes, states and times as cells of tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from previewer.cli.table import ABSENT, Cell
from previewer.cli.terminal import Style
from previewer.domain.commit.revision import short_id
from previewer.domain.environment.environment import State
from previewer.domain.json_value import JsonValue
from previewer.domain.units import format_time, parse_time, time_left
from previewer.errors import UsageError
from previewer.present.safe_text import plain


def show_id(value: JsonValue) -> Cell:
    """The first digits of a commit's id, a release's or an image's."""
    return Cell(plain(short_id(value)), Style.FAINT) if isinstance(value, str) and value else Cell(ABSENT)


_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_bytes(count: int) -> str:
    """As engines count: ``12.3 MB`` is 12.3 million bytes."""
    size = float(count)
    for unit in _SIZE_UNITS:
        if size < 1000 or unit == _SIZE_UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes everything")


def show_bytes(value: JsonValue) -> Cell:
    """A number of bytes for people."""
    return Cell(format_bytes(value)) if isinstance(value, int) else Cell(ABSENT)


_STATES: Mapping[str, tuple[str, Style]] = {
    State.DONE.value: ("✔", Style.GOOD),
    State.HEALTHY.value: ("●", Style.GOOD),
    State.RUNNING.value: ("◉", Style.GOOD),
    State.STARTING.value: ("◐", Style.BUSY),
    State.ASLEEP.value: ("☾", Style.BUSY),
    State.STOPPED.value: ("◌", Style.BUSY),
    State.UNHEALTHY.value: ("▲", Style.BAD),
    State.FAILED.value: ("✖", Style.BAD),
}

SERVING = frozenset({State.DONE, State.HEALTHY, State.RUNNING})
"""The states in which nothing is wrong."""


def show_state(value: JsonValue) -> Cell:
    """``● healthy``."""
    if not isinstance(value, str) or value not in _STATES:
        return Cell(ABSENT)
    glyph, style = _STATES[value]
    return Cell(f"{glyph} {value}", style)


_TIME_UNITS = (("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_EXPIRES_SOON = timedelta(hours=2)


def timestamp(value: datetime | None) -> str | None:
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
    for (unit, size), (below, below_size) in pairwise(_TIME_UNITS):
        count, rest = divmod(seconds, size)
        if count:
            few = count < 4 and rest >= below_size
            return f"{count}{unit} {rest // below_size}{below}" if few else f"{count}{unit}"
    return f"{seconds}s"


_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_since(text: str, now: datetime) -> datetime:
    """``10m``, ``1d12h``: that long before ``now``; else a moment of ISO 8601, in UTC where it says nothing.

    Raises :class:`UsageError` for anything else.
    """
    match = _SPAN.fullmatch(text)
    try:
        if match and any(match.groups()):
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            return now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        timestamp = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "this is not a time", where=f"--since {text}", hint="say 10m, 1d12h or 2026-01-31T12:00:00Z"
        ) from error
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
