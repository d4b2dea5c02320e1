"""Ids, sizes, states and times as cells of tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from previewer.domain.commit.revision import short_id
from previewer.domain.json_value import JsonValue
from previewer.domain.units import format_memory, format_time, parse_time
from previewer.errors import UsageError
from previewer.present.safe_text import plain
from previewer.present.tables import ABSENT
from previewer.present.values import SIGNS, Span, Tone, age, signed, time_left


def show_id(value: JsonValue) -> Span:
    """The first digits of a commit's id, a release's or an image's."""
    return Span(plain(short_id(value)), Tone.QUIET) if isinstance(value, str) and value else Span(ABSENT)


def show_bytes(value: JsonValue) -> Span:
    """A number of bytes for people: ``12.3 MiB``."""
    return Span(format_memory(value)) if isinstance(value, int) else Span(ABSENT)


def show_sign(value: JsonValue) -> Span:
    """A state or a severity with its glyph: ``● healthy``."""
    return signed(value) if isinstance(value, str) and value in SIGNS else Span(ABSENT)


def timestamp(value: datetime | None) -> str | None:
    """A moment as JSON has it: RFC 3339 in UTC."""
    return None if value is None else format_time(value)


def show_age(now: datetime) -> Callable[[JsonValue], Span]:
    """How long ago a moment was: ``3h``."""

    def show(value: JsonValue) -> Span:
        return Span(age(parse_time(value), now)) if isinstance(value, str) else Span(ABSENT)

    return show


def show_time_left(now: datetime) -> Callable[[JsonValue], Span]:
    """How long it is until a moment: ``2d 4h``, ``! 45m``, ``expired``; ``never`` for none."""

    def show(value: JsonValue) -> Span:
        return time_left(parse_time(value) if isinstance(value, str) else None, now)

    return show


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
