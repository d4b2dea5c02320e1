"""Moments as engines write them."""

from __future__ import annotations

from datetime import datetime

from previewer.domain.json_value import JsonValue, as_text


def read_moment(value: JsonValue) -> datetime | None:
    """A moment of RFC 3339, to the microsecond; ``None`` for "never", which engines write as the year 1."""
    try:
        moment = datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year > 1 else None
