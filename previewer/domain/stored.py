"""Values that are kept or exchanged: canonical JSON when written, with every type checked when read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from previewer.domain.json_value import JsonObject, JsonValue, as_object, canonical_json
from previewer.domain.units import format_time

T = TypeVar("T")
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""Aware; written in UTC and whole seconds."""


def to_json(value: object) -> JsonObject:
    """The value, one of a struct or a mapping of them, as it is stored."""
    return as_object(_plain(msgspec.to_builtins(value, builtin_types=(datetime,))))


def to_bytes(value: object) -> bytes:
    """The bytes that are stored: :func:`to_json` in the one spelling that hashes are taken of."""
    return canonical_json(to_json(value))


def from_bytes(content: bytes, kind: type[T]) -> T:
    """Read what :func:`to_bytes` wrote; fields that ``kind`` does not have are passed over.

    Raises :class:`ValueError` that names the field which is missing or has another type.
    """
    try:
        # Not msgspec's own reader: it refuses halves of surrogate pairs, which logs and file names have.
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from error
    return convert(value, kind)


def convert(value: object, kind: type[T], *, strict: bool = True) -> T:
    """``value``, of JSON, as a ``kind``. Unless that is ``strict``, text stands for the numbers that it spells.

    Raises :class:`ValueError` that names the field which is missing or has another type.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$").removeprefix(".") or "the value as a whole"
        raise ValueError(f"{field}: {message[:1].lower()}{message[1:]}") from error


def _plain(value: JsonValue | datetime) -> JsonValue:
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
