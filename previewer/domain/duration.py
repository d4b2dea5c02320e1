"""Durations as Go spells them in a normalised definition: ``1m30s``, ``500ms``, ``0s``."""

from __future__ import annotations

import re

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
