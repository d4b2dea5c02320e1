"""The values of differences as they may be seen: without a secret in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from previewer.domain.json_value import JsonValue, as_text
from previewer.domain.parity.difference import ParityDifference, Side
from previewer.domain.parity.facts import PRESENT
from previewer.domain.secrecy import Secrecy, is_secret_name

_VARIABLE = re.compile(r"^services\..+?\.(?:environment|args)\.(?P<name>.+)$")
_CREDENTIALS = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
"""``//user:password@`` of a URL."""
_CONTENT = re.compile(r"^(configs|secrets)\.[^.]+\.(content|environment)$")


def shown_value(difference: ParityDifference, side: Side, secrecy: Secrecy) -> str:
    """What one side says; empty where it says nothing. What may be a secret is a keyed hash."""
    value = difference.left if side is Side.LEFT else difference.right
    return show(difference.path, value, secrecy)


def show(path: str, value: JsonValue, secrecy: Secrecy) -> str:
    """``value`` of the fact at ``path`` as it may be seen."""
    if value is None:
        return ""
    if value == PRESENT:
        return "declared"
    text = secrecy.shown(value)
    variable = _VARIABLE.match(path)
    is_secret = variable is not None and is_secret_name(variable["name"])
    hides = is_secret or _CONTENT.match(path) or _CREDENTIALS.search(as_text(value) or text)
    return secrecy.hashed(as_text(value) or text) if hides or text != _plain(value) else text


def conceal(path: str, value: JsonValue, secrecy: Secrecy) -> JsonValue:
    """``value`` of the model at ``path``, whole, with every text in it that may be a secret as a keyed hash."""
    if isinstance(value, Mapping):
        return {key: conceal(f"{path}.{key}", inner, secrecy) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [conceal(path, inner, secrecy) for inner in value]
    return show(path, value, secrecy) if isinstance(value, str) and value else value


def _plain(value: JsonValue) -> str:
    return Secrecy(b"").shown(value)
