"""Moments as users write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from previewer.errors import UsageError

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
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            "this is no moment", where=f"--since {text}", hint="say 10m, 1d12h or 2026-01-31T12:00:00Z"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
