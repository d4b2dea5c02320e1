"""Interpolation of a whole document, and the numbers and booleans that a variable stands for.

``pids_limit: ${LIMIT}`` is text after interpolation; the Compose Specification wants a number there. So the
text at certain places is cast once its variables are replaced. Keys are never interpolated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from previewer.definition.interpolation import Interpolator
from previewer.definition.kept_references import refuse_mark, settle_references
from previewer.definition.path_rules import PathRules
from previewer.definition.values import ModelError, Value
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.key import Kind
from previewer.domain.compose.keys import ALL_KEYS

Cast: TypeAlias = Callable[[str], Value]


def cast_integer(text: str) -> Value:
    """``text`` as a whole number."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        raise ModelError(f"{text!r} is not an integer")
    return int(text)


def cast_number(text: str) -> Value:
    """``text`` as a number with a fraction."""
    try:
        return float(text)
    except ValueError as error:  # "inf" and "nan" are numbers here, and refused by check_numbers
        raise ModelError(f"{text!r} is not a number") from error


def cast_boolean(text: str) -> Value:
    """``text`` as a boolean; unlike YAML, Compose takes ``yes``, ``on`` and ``y`` here."""
    if text.lower() in ("true", "y", "yes", "on"):
        return True
    if text.lower() in ("false", "n", "no", "off"):
        return False
    raise ModelError(f"{text!r} is not a boolean")


CASTS_OF_KINDS: Mapping[Kind | None, Cast] = {
    Kind.FLAG: cast_boolean,
    Kind.INTEGER: cast_integer,
    Kind.LIMIT: cast_integer,
    Kind.NUMBER: cast_number,
    Kind.PERCENT: cast_number,
    Kind.PROCESSORS: cast_number,
}

CASTS: PathRules[Cast] = PathRules(
    {path: CASTS_OF_KINDS[row.kind] for path, row in ALL_KEYS if row.kind in CASTS_OF_KINDS}
)
"""The places whose text is cast, and to what."""


def interpolate_model(
    value: Value,
    interpolator: Interpolator,
    *,
    visit: Callable[[ModelPath], None] = lambda _: None,
    casts: PathRules[Cast] = CASTS,
    path: ModelPath = (),
) -> Value:
    """``value`` with the variables of all texts replaced and the typed places cast.

    ``visit`` is called with the place of each text before its variables are looked up. Raises :class:`ModelError`
    with the place for an invalid template, a missing required variable or a failed cast.
    """
    if isinstance(value, str):
        try:
            visit(path)
            text = interpolator.substitute(value)
            if casts.rule:
                refuse_mark(text)
                return casts.rule(interpolator.expand(text))
            return settle_references(text, path, interpolator.expand)
        except ModelError as error:
            raise error.under(*path) from error
    if isinstance(value, dict):
        return {
            key: interpolate_model(item, interpolator, visit=visit, casts=casts.child(key), path=(*path, key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        below = casts.items()
        return [
            interpolate_model(item, interpolator, visit=visit, casts=below, path=(*path, str(index)))
            for index, item in enumerate(value)
        ]
    return value


def check_numbers(value: Value, path: ModelPath = ()) -> None:
    """Raises :class:`ModelError` for ``.inf`` and ``.nan``: a definition is hashed as JSON, which has neither."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelError("this number is infinite or none", path=path)
    if isinstance(value, dict):
        for key, item in value.items():
            check_numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_numbers(item, (*path, str(index)))
