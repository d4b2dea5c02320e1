"""How long an environment lives: ``90m``, ``10h``, ``5d``, ``1d12h``, ``never``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from previewer.errors import UsageError

NEVER = "never"
MAX_TTL = timedelta(days=3650)
_MINUTES_SUFFICE = timedelta(minutes=10)
_GRAMMAR = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?", re.ASCII)
_HINT = "write days, hours and minutes as in 90m, 10h, 5d or 1d12h, or never"


def parse_ttl(text: str) -> timedelta | None:
    """The time that ``text`` means, ``None`` for ``never``.

    Days, hours and minutes in this order, each at most once, together more than nothing and at most ten years.
    Raises :class:`UsageError` for anything else.
    """
    word = text.strip()
    if word == NEVER:
        return None
    match = _GRAMMAR.fullmatch(word)
    if match is None or not word:
        raise UsageError(f"{text!r} is not a time to live", hint=_HINT)
    days, hours, minutes = (int(part or 0) for part in match.groups())
    ttl = timedelta(days=days, hours=hours, minutes=minutes)
    if not timedelta() < ttl <= MAX_TTL:
        raise UsageError(
            f"{text!r} is no time to live: it has to be more than nothing and at most ten years", hint=_HINT
        )
    return ttl


def format_ttl(ttl: timedelta | None) -> str:
    """The shortest text that :func:`parse_ttl` reads as ``ttl``; seconds are rounded up to a minute."""
    if ttl is None:
        return NEVER
    days, hours, minutes = _split(ttl, round_up=True)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "1m"


def expiry(ttl: timedelta | None, *, now: datetime) -> datetime | None:
    """When an environment that is made ``now`` (aware) expires, in whole seconds; ``None`` for never."""
    return None if ttl is None else (now + ttl).replace(microsecond=0)


def time_left(expires_at: datetime, *, now: datetime) -> timedelta:
    """What is left, as people count: rounded up to minutes, but for the last ten of them.

    What was made for three days a second ago has three days, not two days and 23 hours.
    """
    left = expires_at - now
    minute = timedelta(minutes=1)
    return -(-left // minute) * minute if left > _MINUTES_SUFFICE else left


def format_remaining(expires_at: datetime | None, *, now: datetime) -> str:
    """What is left, in two units at most: ``2d 4h left``, ``5m left``, ``expired 3h ago``, ``never expires``."""
    if expires_at is None:
        return "never expires"
    left = expires_at - now
    if left <= timedelta():
        return f"expired {_largest_units(-left)} ago"
    return f"{_largest_units(left)} left"


def _largest_units(time: timedelta) -> str:
    if time < timedelta(minutes=1):
        return f"{int(time.total_seconds())}s"
    numbers = _split(time, round_up=False)
    parts = [f"{number}{unit}" for number, unit in zip(numbers, "dhm", strict=True)]
    first = next(index for index, number in enumerate(numbers) if number)
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0"))


def _split(time: timedelta, *, round_up: bool) -> tuple[int, int, int]:
    seconds = time.total_seconds()
    whole = int(-(-seconds // 60)) if round_up else int(seconds // 60)
    hours, minutes = divmod(whole, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes
