"""JSON for people and programs alike."""

from __future__ import annotations

import json
import re

from previewer.domain.json_value import JsonValue

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What JSON need not escape and a terminal had better not get."""


def to_json(value: JsonValue, *, indent: int | None = 2) -> str:
    """``value`` with its keys in their own order, and with every control character escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
