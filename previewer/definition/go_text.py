"""How Go prints a YAML scalar where Compose wants text: ``1.0`` is ``1``, ``1e10`` is ``1e+10``."""

from __future__ import annotations

import math
from decimal import Decimal

from previewer.definition.values import Value

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
