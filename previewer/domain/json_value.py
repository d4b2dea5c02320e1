"""JSON as Python values, and the one canonical spelling that hashes are taken of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject: TypeAlias = Mapping[str, JsonValue]


def canonical_json(value: JsonValue) -> bytes:
    """Spell ``value`` the one way that is hashed: sorted keys, no blanks, UTF-8, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogateescape")


def digest_of(value: JsonValue) -> str:
    """``sha256:`` and 64 hexadecimal digits of the canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()


def as_object(value: JsonValue) -> JsonObject:
    """``value`` if it is a mapping, an empty one if it is absent or null."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: JsonValue) -> Sequence[JsonValue]:
    """``value`` if it is a list, an empty one if it is absent or null."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def as_integer(value: JsonValue) -> int:
    """``value`` if it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


def as_text(value: JsonValue, default: str = "") -> str:
    """``value`` if it is a string, else ``default``."""
    return value if isinstance(value, str) else default


def value_at(value: JsonValue, *keys: str) -> JsonValue:
    """What ``keys`` lead to, members of mappings and items of lists by their place; ``None`` for nothing."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list | tuple) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def entries_at(value: JsonValue, *keys: str) -> tuple[JsonObject, ...]:
    """The mappings of the list that ``keys`` lead to; none where there is no list."""
    return tuple(map(as_object, as_list(value_at(value, *keys))))
