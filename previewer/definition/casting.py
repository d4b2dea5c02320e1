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
from previewer.definition.path_rules import PathRules
from previewer.definition.values import ModelError, Value
from previewer.domain.compose.definition import ModelPath
from previewer.domain.compose.key import Kind
from previewer.domain.compose.keys import ALL_KEYS
from previewer.domain.compose.references import MARK

# Where a definition may keep a reference to a variable, instead of its value.
#
# In texts that are handed on to containers and builds as they are. What decides about the shape of
# an environment (images, ports, paths, names, numbers) has to be known when it is frozen, and is
# written out.

_SERVICE_TEXTS = frozenset({"environment", "command", "entrypoint", "healthcheck", "labels", "annotations"})
_SERVICE_HOOKS = frozenset({"post_start", "pre_stop", "logging"})
_BUILD_TEXTS = frozenset({"args", "labels"})
_TABLES = frozenset({"environment", "labels", "annotations", "args"})
_SPLIT = frozenset({"command", "entrypoint"})
_TAKEN_APART = re.compile(r"[\s'\"\\]")


def settle_references(text: str, path: ModelPath, expand: Callable[[str], str]) -> str:
    """``text``, at a place of the model, with the values of those variables that it may not refer to.

    Raises :class:`ModelError` for a value in a command's text that would be taken apart into words.
    """
    if "${" not in text:
        return text
    if MARK.search(text) and not _is_known_at_start(path):
        refuse_mark(text)
    if not _may_refer(path):
        return expand(text)
    if len(path) > 1 and path[-1].isdecimal() and path[-2] in _TABLES:  # KEY=value: names are written out
        name, equals, value = text.partition("=")
        return f"{expand(name)}{equals}{value}"
    if path[-1] in _SPLIT and (whole := expand(text)) != text and _is_taken_apart(text, whole):
        raise ModelError(
            "a variable in it has blanks, quotes or backslashes, at which the text would be taken apart",
            hint='write it as a list, each word an item: ["echo", "${NAME}"]',
        )
    return text


def refuse_mark(text: str) -> None:
    """Raise :class:`ModelError` for a variable of the environment in a text that has to be known before."""
    if mark := MARK.search(text):
        raise ModelError(
            f"{mark['name']} is known only when an environment starts, and this is decided before",
            hint="it may stand in environment, command, entrypoint, healthcheck, labels and configs.*.content",
        )


def _is_known_at_start(path: ModelPath) -> bool:
    """Whether what stands at ``path`` is first needed when containers are made."""
    is_build_or_store = path[:1] in (("volumes",), ("networks",)) or path[2:3] == ("build",)
    return _may_refer(path) and not is_build_or_store


def _may_refer(path: ModelPath) -> bool:
    kind, *rest = path
    if _is_extension(kind) or (kind == "services" and len(rest) > 1 and _is_extension(rest[1])):
        return True
    if kind == "services" and len(rest) > 1:
        key = rest[1]
        if key == "build":
            return len(rest) > 3 and rest[2] in _BUILD_TEXTS
        return key in _SERVICE_TEXTS or key in _SERVICE_HOOKS
    if kind in ("configs", "secrets"):
        return rest[1:] == ["content"]
    return kind in ("volumes", "networks") and len(rest) > 2 and rest[1] == "driver_opts"


def _is_extension(key: str) -> bool:
    """A key that nothing acts on; what other places take from it by YAML's anchors is settled there."""
    return key.startswith("x-") and key != "x-previewer"


def _is_taken_apart(text: str, whole: str) -> bool:
    """Whether the values that ``whole`` has in place of references bring signs at which words are split."""
    return len(_TAKEN_APART.findall(whole)) != len(_TAKEN_APART.findall(text))


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
    """Raises :class:`ModelError` for ``.inf`` and ``.nan``: a definition is hashed as JSON, which has neither.

    The value of a service's variable becomes text.
    """
    if path[:1] == ("services",) and path[2:3] == ("environment",):
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelError("this number is infinite or none", path=path)
    if isinstance(value, dict):
        for key, item in value.items():
            check_numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_numbers(item, (*path, str(index)))
