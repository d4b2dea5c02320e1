"""Sizes and durations as Compose writes them.

A size is text of its bytes: ``64m`` → ``"67108864"`` (units are binary; go-units ``RAMInBytes``). A duration is
text as Go prints it: ``90s`` → ``"1m30s"`` (``time.Duration.String`` with ``w`` and ``d`` read as well).
"""

from __future__ import annotations

import re
from decimal import Decimal

from previewer.definition.values import ModelError, Value
from previewer.definition.yaml.scalars import go_text

SIZE_UNITS = "bkmgtp"
_SIZE = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?) ?(?:([kmgtp])(?:i?b)?|b)?", re.IGNORECASE)
NANOSECONDS = {
    "w": 604_800 * 10**9,
    "d": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ns": 1,
}
"""By unit; the micro sign and the Greek letter are both in use."""
_DURATION_PART = re.compile(r"([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(ms|us|µs|μs|ns|[wdhms])")


def size_in_bytes(value: Value) -> str:
    """A size (``"1.5g"``, or a number) as text of its bytes. Raises :class:`ModelError` for anything else."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value))
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ModelError(f"{value!r} is not a size", hint="write a number and one of b, k, m, g, t, p: 64m")
    factor = 1024 ** SIZE_UNITS.index((found.group(2) or "b").lower())
    return str(int(Decimal(found.group(1)) * factor))


def parse_duration(value: Value) -> int:
    """A duration such as ``1m30s`` in nanoseconds. Raises :class:`ModelError` for one without a unit."""
    text = go_text(value)
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0
    total = Decimal(0)
    position = 0
    while part := _DURATION_PART.match(unsigned, position):
        total += Decimal(part.group(1)) * NANOSECONDS[part.group(2)]
        position = part.end()
    if position == 0 or position < len(unsigned):
        raise ModelError(f"{text!r} is not a duration", hint="write a number and a unit: 90s, 1m30s, 2h")
    return int(-total if text.startswith("-") else total)


def format_duration(nanoseconds: int) -> str:
    """As Go prints a duration: the largest units first, the seconds with a fraction, ``0s`` for none."""
    sign = "-" if nanoseconds < 0 else ""
    rest = abs(nanoseconds)
    for limit, unit in ((NANOSECONDS["us"], "ns"), (NANOSECONDS["ms"], "us"), (NANOSECONDS["s"], "ms")):
        if 0 < rest < limit:
            shown = "µs" if unit == "us" else unit
            return f"{sign}{_fraction(rest, NANOSECONDS[unit])}{shown}"
    hours, rest = divmod(rest, NANOSECONDS["h"])
    minutes, rest = divmod(rest, NANOSECONDS["m"])
    text = f"{hours}h" if hours else ""
    if hours or minutes:
        text += f"{minutes}m"
    return f"{sign}{text}{_fraction(rest, NANOSECONDS['s'])}s"


def normal_duration(value: Value) -> str:
    """A duration in the form that Go prints."""
    return format_duration(parse_duration(value))


def _fraction(amount: int, unit: int) -> str:
    """``amount / unit`` without needless zeros."""
    whole, rest = divmod(amount, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)
