"""Converters of single values, from the way Compose normalises them to the way the Engine API wants them.

They raise :class:`ValueError` for a value they cannot read; the caller knows the service and the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.json_value import JsonValue, as_list, as_object, as_text
from previewer.domain.units import NANOSECONDS, parse_nanoseconds


def keep(value: JsonValue) -> JsonValue:
    """The value as it is."""
    return value


def text(value: JsonValue) -> str:
    """A string."""
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is not a string")


def texts(value: JsonValue) -> list[JsonValue]:
    """A list of strings."""
    return [text(item) for item in _items(value)]


def text_map(value: JsonValue) -> dict[str, JsonValue]:
    """A mapping whose values are strings; null means an empty one."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not a mapping")
    return {key: "" if item is None else spell(item) for key, item in value.items()}


def spell(value: JsonValue) -> str:
    """A scalar as Compose prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def flag(value: JsonValue) -> bool:
    """A boolean."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is neither true nor false")


def integer(value: JsonValue) -> int:
    """A whole number, or its digits; byte sizes come as digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value!r} is not a whole number")
    try:
        return int(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a whole number") from error


def nano_cpus(value: JsonValue) -> int:
    """A number of processors in billionths."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not a number of processors")
    try:
        return round(float(value) * 1e9)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value!r} is not a number of processors") from error


def nanoseconds(value: JsonValue) -> int:
    """A duration as Go spells it (``1m30s``, ``500ms``, ``0s``) in nanoseconds."""
    return parse_nanoseconds(text(value))


def whole_seconds(value: JsonValue) -> int:
    """A duration in seconds, fractions cut off, as Compose does."""
    return nanoseconds(value) // NANOSECONDS["s"]


def environment(value: JsonValue) -> list[JsonValue]:
    """``KEY=value`` entries. A null value becomes the bare key, which unsets a variable of the image."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not a mapping")
    return [key if item is None else f"{key}={spell(item)}" for key, item in value.items()]


def extra_hosts(value: JsonValue) -> list[JsonValue]:
    """``name=address`` as ``name:address``; ``host-gateway`` is the engine's own word."""
    return [text(item).replace("=", ":", 1) for item in _items(value)]


def tmpfs(value: JsonValue) -> dict[str, JsonValue]:
    """``/run:size=64m`` as options by path."""
    return {path: options for path, _, options in (text(item).partition(":") for item in _items(value))}


def ulimits(value: JsonValue) -> list[JsonValue]:
    """Limits by name; a single number is both the soft and the hard one."""
    found: list[JsonValue] = []
    for name, limit in as_object(value).items():
        pair = limit if isinstance(limit, Mapping) else {"soft": limit, "hard": limit}
        # Compose's printer leaves zeros out.
        found.append({"Name": name, "Soft": integer(pair.get("soft", 0)), "Hard": integer(pair.get("hard", 0))})
    return found


def logging(value: JsonValue) -> dict[str, JsonValue]:
    """The log driver and its options; without a driver the engine's default one."""
    found = as_object(value)
    return {"Type": as_text(found.get("driver")), "Config": text_map(found.get("options") or {})}


def restart(value: JsonValue) -> dict[str, JsonValue]:
    """``on-failure:3`` as the engine's restart policy."""
    name, _, count = text(value).partition(":")
    return {"Name": name, "MaximumRetryCount": integer(count or "0")}


def _items(value: JsonValue) -> Sequence[JsonValue]:
    if value is None or (isinstance(value, Sequence) and not isinstance(value, str)):
        return as_list(value)
    raise ValueError(f"{value!r} is not a list")
