"""What a YAML scalar means to Compose, and how Go prints it as text."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal

from previewer.definition.values import ModelError, Value

TAG_PREFIX = "tag:yaml.org,2002:"
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INFINITIES = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]| +)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?\s*(?:Z|([+-])(\d\d):?(\d\d))?)?"
)
INTEGERS = (
    (re.compile(r"0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"0[bB]([01]+)"), 2),
    (re.compile(r"0[oO]([0-7]+)"), 8),
    (re.compile(r"0([0-7]+)"), 8),
    (re.compile(r"(0|[1-9][0-9]*)"), 10),
)
"""How integers are spelt, the digits as the first group, and their base; the first that fits counts."""
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1
MAX_NUMBER_LENGTH = 400
"""Longer ones are no number that anything here could hold; they stay text."""


def resolve_plain_scalar(text: str) -> Value:
    """The value of a scalar that is written without quotes and without a tag."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if text[0] not in "+-.0123456789" or len(text) > MAX_NUMBER_LENGTH:
        return text
    if text.lower() in INFINITIES:
        return INFINITIES[text.lower()]
    if text in (".nan", ".NaN", ".NAN"):
        return math.nan
    if (date := _date_text(text)) is not None:
        return date
    number = _number(text.replace("_", ""))
    return text if number is None else number


def resolve_tagged_scalar(text: str, tag: str) -> Value:
    """The value of a scalar with a tag such as ``!!int``; one with an unknown tag is text."""
    kind = tag.removeprefix(TAG_PREFIX)
    if kind == tag:
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return BOOLEANS.get(text, text.lower() in ("yes", "on", "y"))
    if kind in ("int", "float"):
        number = resolve_plain_scalar(text)
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise ModelError(f"cannot decode {text!r} as !!{kind}")
        return float(number) if kind == "float" else int(number) if math.isfinite(number) else number
    return text


def _number(text: str) -> int | float | None:
    sign = -1 if text.startswith("-") else 1
    digits = text[1:] if text[:1] in ("+", "-") else text
    for pattern, base in INTEGERS:
        if match := pattern.fullmatch(digits):
            integer = sign * int(match.group(1), base)
            if SMALLEST_INTEGER <= integer <= LARGEST_INTEGER:
                return integer
            break
    if FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None


def _date_text(text: str) -> str | None:
    """``2024-01-02`` as Go prints a time: ``2024-01-02 00:00:00 +0000 UTC``; ``None`` for anything else."""
    match = DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        timestamp = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    fraction = f".{match.group(7)}".rstrip("0").rstrip(".") if match.group(7) else ""
    zone = "+0000 UTC"
    if match.group(8):
        offset = "".join(match.groups()[7:10])
        zone = f"{offset} {offset}" if offset[1:] != "0000" else "+0000 +0000"
    return f"{timestamp:%Y-%m-%d %H:%M:%S}{fraction} {zone}"


SMALLEST_PLAIN_EXPONENT = -4
LARGEST_PLAIN_EXPONENT = 5
"""Outside these, ``%v`` of a float is written with an exponent (Go's ``%g`` with the shortest digits)."""


def go_text(value: Value) -> str:
    """``value`` as Go's ``%v`` prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    exponent = int(exponent)
    text = "".join(map(str, digits))
    prefix = "-" if sign else ""
    point = len(text) + exponent
    if value != 0 and not SMALLEST_PLAIN_EXPONENT <= point - 1 <= LARGEST_PLAIN_EXPONENT:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{prefix}{text[0]}{fraction}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"
    if point <= 0:
        return f"{prefix}0.{'0' * -point}{text}"
    if point >= len(text):
        return f"{prefix}{text}{'0' * (point - len(text))}"
    return f"{prefix}{text[:point]}.{text[point:]}"
