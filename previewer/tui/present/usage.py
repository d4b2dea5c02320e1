"""What runs use of their machine, in a few cells: sparklines, bars, percentages."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.domain.engine.usage import Usage
from previewer.present.values import Span, Tone, size
from previewer.tui.present.text import Line, line

_LEVELS = "▁▂▃▄▅▆▇█"
_FULL_CORE = 1.0
BUSY_FROM = 0.8
"""The share of a core, or of a memory limit, from which on it is a warning."""


def sparkline(values: Sequence[float], width: int) -> str:
    """The last ``width`` values as bars: the highest is full, and so is a whole core."""
    shown = values[-width:]
    highest = max((*shown, _FULL_CORE / 4))
    top = len(_LEVELS) - 1
    bars = "".join(_LEVELS[min(top, round(value / highest * top))] for value in shown)
    return bars.rjust(width, _LEVELS[0])


def bar(share: float, width: int) -> str:
    """``▓▓▓░░``."""
    filled = min(width, max(0, round(share * width)))
    return "▓" * filled + "░" * (width - filled)


def percent(cpu: float) -> str:
    """Of one core: ``0.4 %``, ``12 %``."""
    return f"{cpu * 100:.1f} %" if cpu < 0.0995 else f"{cpu * 100:.0f} %"


def cpu_line(usage: Usage | None, *, width: int = 4) -> Line:
    """``▁▂▁▁  1.0 %``; nothing while it is not known."""
    if usage is None:
        return ()
    tone = Tone.WARN if usage.cpu >= BUSY_FROM else Tone.GOOD
    return line(Span(sparkline(usage.history, width), tone), f" {percent(usage.cpu):>6}")


def memory_line(usage: Usage | None) -> Line:
    """``84M``."""
    return line(Span(size(usage.memory), _memory_tone(usage))) if usage is not None else ()


def limit_line(usage: Usage | None) -> Line:
    """``27M / 96M ▓▓░░``."""
    if usage is None:
        return ()
    if not usage.memory_limit:
        return line(f"{size(usage.memory):>5}")
    share = usage.memory / usage.memory_limit
    of_limit = Span(f" / {size(usage.memory_limit):>5} ", Tone.QUIET)
    return line(f"{size(usage.memory):>5}", of_limit, Span(bar(share, 4), _memory_tone(usage)))


def network_line(usage: Usage | None) -> Line:
    """``1.1K ↓ 3.9K ↑`` a second."""
    if usage is None:
        return ()
    return line(
        f"{size(usage.received):>5}", Span(" ↓ ", Tone.QUIET), f"{size(usage.sent):>5}", Span(" ↑", Tone.QUIET)
    )


def _memory_tone(usage: Usage) -> Tone:
    is_tight = usage.memory_limit and usage.memory / usage.memory_limit >= BUSY_FROM
    return Tone.WARN if is_tight else Tone.PLAIN
