"""Ages and times left, short enough for a table: two units at most, the second only where it matters."""

from __future__ import annotations

from datetime import datetime, timedelta

from previewer.domain import units
from previewer.domain.environment.environment import Environment
from previewer.tui.present.text import Line, Span, Style

EXPIRES_SOON = timedelta(hours=2)
"""Less than this is shown as a warning."""
_UNITS = (("y", 365 * 86400), ("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60))


def span(seconds: float) -> str:
    """A length of time in its largest unit, with the next one while the number is small: ``1d 4h``, ``12d``."""
    whole = max(0, int(seconds))
    for index, (unit, size) in enumerate(_UNITS):
        if whole >= size:
            count, rest = divmod(whole, size)
            if count < 4 and index + 1 < len(_UNITS):
                below, below_size = _UNITS[index + 1]
                if rest >= below_size:
                    return f"{count}{unit} {rest // below_size}{below}"
            return f"{count}{unit}"
    return f"{whole}s"


def age(timestamp: datetime, now: datetime) -> str:
    """How long ago ``timestamp`` was; ``now`` for the future too (clocks differ)."""
    seconds = (now - timestamp).total_seconds()
    return "now" if seconds < 1 else span(seconds)


def ago(timestamp: datetime, now: datetime) -> str:
    """``5m ago``, ``now``."""
    said = age(timestamp, now)
    return said if said == "now" else f"{said} ago"


def as_of_words(timestamp: datetime, now: datetime) -> str:
    """``as of 12s ago``."""
    return f"as of {span((now - timestamp).total_seconds())} ago"


def time_left(expires_at: datetime | None, now: datetime) -> Line:
    """Until an environment expires: ``never``, a span (``! 45m`` where it is short), ``expired``."""
    if expires_at is None:
        return (Span("never", Style.QUIET),)
    left = units.time_left(expires_at, now=now)
    if left <= timedelta():
        return (Span("expired", Style.BAD),)
    if left < EXPIRES_SOON:
        return (Span(f"! {span(left.total_seconds())}", Style.WARN),)
    return (Span(span(left.total_seconds()), Style.PLAIN),)


def lifetime(environment: Environment, now: datetime) -> Line:
    """The same of an environment: one that is pinned says so."""
    if environment.notes.pinned:
        return (Span("pinned", Style.ACCENT),)
    return time_left(environment.expires_at, now)


def stopwatch(seconds: float) -> str:
    """A running time: ``4.2s`` under ten seconds, ``42s``, ``3m 07s``."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{int(seconds)}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s"
