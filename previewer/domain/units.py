"""How lifetimes, times, amounts of memory, numbers of things and platforms are written and read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from previewer.errors import UsageError

NEVER = "never"
MAX_TTL = timedelta(days=3650)
_MINUTES_SUFFICE = timedelta(minutes=10)
_LIFETIME_GRAMMAR = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?", re.ASCII)
_HINT = "write days, hours and minutes as in 90m, 10h, 5d or 1d12h, or never"


def parse_ttl(text: str) -> timedelta | None:
    """The time that ``text`` means, ``None`` for ``never``.

    Days, hours and minutes in this order, each at most once, together more than nothing and at most ten years.
    Raises :class:`UsageError` for anything else.
    """
    word = text.strip()
    if word == NEVER:
        return None
    match = _LIFETIME_GRAMMAR.fullmatch(word)
    if match is None or not word:
        raise UsageError(f"{text!r} is not a time to live", hint=_HINT)
    days, hours, minutes = (int(part or 0) for part in match.groups())
    ttl = timedelta(days=days, hours=hours, minutes=minutes)
    if not timedelta() < ttl <= MAX_TTL:
        raise UsageError(
            f"{text!r} is not a time to live: it has to be longer than zero and at most ten years", hint=_HINT
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


def _split(time: timedelta, *, round_up: bool) -> tuple[int, int, int]:
    seconds = time.total_seconds()
    whole = int(-(-seconds // 60)) if round_up else int(seconds // 60)
    hours, minutes = divmod(whole, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes


_MEMORY_GRAMMAR = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgtp]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def format_memory(size: int) -> str:
    """Bytes for people, to three digits or so: ``640 MiB``, ``1.5 GiB``, ``300 bytes``."""
    for power in (4, 3, 2, 1):
        if size >= 1024**power:
            amount = size / 1024**power
            return f"{amount:.1f}".removesuffix(".0") + f" {_UNITS[power]}"
    return f"{size} bytes"


def exact_memory(size: int) -> str:
    """Bytes for people where none may be lost: ``96 MiB``, but ``67108865 bytes``."""
    shown = format_memory(size)
    return shown if size and parse_memory(shown.removesuffix("bytes")) == size else f"{size} bytes"


def parse_memory(text: str) -> int:
    """The bytes that ``text`` means; every unit is a power of 1024, as in Compose files.

    Raises :class:`ValueError` for anything else, and for nothing at all.
    """
    match = _MEMORY_GRAMMAR.fullmatch(text.strip())
    size = int(float(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()]) if match else 0
    if size <= 0:
        raise ValueError(f"{text!r} is not an amount of memory")
    return size


NANOSECONDS = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ns": 1,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|μs|ns|m|s)")


def parse_nanoseconds(text: str) -> int:
    """The nanoseconds that ``text`` means. Raises :class:`ValueError`."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is not a duration such as 1m30s")
    return sum(round(float(number) * NANOSECONDS[unit]) for number, unit in parts)


def parse_duration_seconds(text: str) -> float:
    """The seconds that ``text`` means. Raises :class:`ValueError`."""
    return parse_nanoseconds(text) / NANOSECONDS["s"]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``2 images``, ``3 branches``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"


def port_words(ports: Sequence[int]) -> str:
    """``port 80``, ``ports 80, 443``."""
    return f"{'port' if len(ports) == 1 else 'ports'} {', '.join(map(str, ports))}"


KEYS = ("os", "architecture", "variant")


def platform_object(platform: str) -> dict[str, str]:
    """The object for a text, with as many of :data:`KEYS` as that says."""
    return dict(zip(KEYS, platform.split("/"), strict=False))


def runs_as(has: str, wants: str) -> bool:
    """Whether an image for ``has`` is one for ``wants``; a variant counts only where both name one."""
    return all(one == other for one, other in zip(has.split("/"), wants.split("/"), strict=False))


_WITHOUT_ZONE = len("2026-01-31T12:00:00")


def format_time(timestamp: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return f"{timestamp.astimezone(UTC).isoformat()[:_WITHOUT_ZONE]}Z"


def parse_time(text: str) -> datetime:
    """Read what :func:`format_time` wrote. Raises :class:`ValueError` for anything else."""
    timestamp = datetime.fromisoformat(text)
    if timestamp.tzinfo is None or format_time(timestamp) != text:
        raise ValueError(f"not a moment as previewer writes it: {text!r}")
    return timestamp
