"""Values as people read them, the same in both front ends: states, lengths of time, ages, times left, sizes.

A value is shown as text with a tone; each front end has its own colours for the tones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from previewer.domain import units


class Tone(Enum):
    """What a piece of text means."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    ACCENT = "accent"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    LOUD = "loud"


class Span(NamedTuple):
    """A run of text in one tone."""

    text: str
    tone: Tone = Tone.PLAIN


SIGNS: Mapping[str, Span] = {
    # states of environments and services, outcomes of tasks
    "done": Span("✔", Tone.GOOD),
    "healthy": Span("●", Tone.GOOD),
    "running": Span("◉", Tone.GOOD),
    "starting": Span("◐", Tone.BUSY),
    "asleep": Span("☾", Tone.BUSY),
    "stopped": Span("◌", Tone.WARN),
    "unhealthy": Span("▲", Tone.WARN),
    "failed": Span("✖", Tone.BAD),
    "cached": Span("≡", Tone.QUIET),
    "cancelled": Span("⊘", Tone.WARN),
    # severities of drift and parity
    "low": Span("·", Tone.QUIET),
    "medium": Span("▲", Tone.WARN),
    "high": Span("✖", Tone.BAD),
    # changes from one release to another
    "added": Span("+", Tone.GOOD),
    "removed": Span("-", Tone.BAD),
    "changed": Span("~", Tone.BUSY),
    # verdicts on signatures
    "good": Span("✔", Tone.GOOD),
    "unknown": Span("?", Tone.WARN),
    "bad": Span("✖", Tone.BAD),
    "unsigned": Span("·", Tone.QUIET),
    # verdicts of the policy
    "clear": Span("·", Tone.QUIET),
    "allowed": Span("✔", Tone.GOOD),
    "rewritten": Span("↻", Tone.BUSY),
    "refused": Span("✖", Tone.BAD),
    # the doctor's verdicts
    "ok": Span("✔", Tone.GOOD),
    "warning": Span("▲", Tone.WARN),
}
"""The glyph of each word that says how something is; a word has one sign wherever it stands."""


def signed(word: str, *, text: str = "") -> Span:
    """``● healthy``; ``text`` where more than the word itself stands beside the glyph."""
    glyph, tone = SIGNS[word]
    return Span(f"{glyph} {text or word}", tone)


EXPIRES_SOON = timedelta(hours=2)
"""Less than this is shown as a warning."""
_TIME_UNITS = (("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60))


def duration(seconds: float) -> str:
    """A length of time in its largest unit, with the next one while the number is small: ``1d 4h``, ``12d``."""
    whole = max(0, int(seconds))
    for index, (unit, size) in enumerate(_TIME_UNITS):
        if whole >= size:
            count, rest = divmod(whole, size)
            if count < 4 and index + 1 < len(_TIME_UNITS):
                below, below_size = _TIME_UNITS[index + 1]
                if rest >= below_size:
                    return f"{count}{unit} {rest // below_size}{below}"
            return f"{count}{unit}"
    return f"{whole}s"


def age(timestamp: datetime, now: datetime) -> str:
    """How long ago ``timestamp`` was; ``now`` for the future too (clocks differ)."""
    seconds = (now - timestamp).total_seconds()
    return "now" if seconds < 1 else duration(seconds)


def ago(timestamp: datetime, now: datetime) -> str:
    """``5m ago``, ``now``."""
    text = age(timestamp, now)
    return text if text == "now" else f"{text} ago"


def time_left(expires_at: datetime | None, now: datetime) -> Span:
    """Until an environment expires: ``never``, a duration (``! 45m`` where it is short), ``expired``."""
    if expires_at is None:
        return Span("never", Tone.QUIET)
    left = units.time_left(expires_at, now=now)
    if left <= timedelta():
        return Span("expired", Tone.BAD)
    if left < EXPIRES_SOON:
        return Span(f"! {duration(left.total_seconds())}", Tone.WARN)
    return Span(duration(left.total_seconds()))


def stopwatch(seconds: float) -> str:
    """A running time: ``4.2s`` under ten seconds, ``42s``, ``3m 07s``."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def size(count: float) -> str:
    """A number of bytes, narrow enough for a column: ``27.0M``, ``1.2G``, ``640K``, ``12B``."""
    for unit, power in (("G", 3), ("M", 2), ("K", 1)):
        if count >= 1024**power:
            amount = count / 1024**power
            return f"{amount:.1f}{unit}" if amount < 10 else f"{amount:.0f}{unit}"
    return f"{count:.0f}B"
