"""Words, values and durations of Dockerfile instructions, as far as they can only mean one thing.

What BuildKit would unquote, escape or expand in a way that is not plain raises :class:`NotDirectError`: such a
Dockerfile is for BuildKit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from previewer.domain.json_value import JsonValue
from previewer.freeze.dockerfile.instructions import expand, split_words

_DURATION = re.compile(r"(\d+)(ms|s|m|h)")
_NANOSECONDS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_QUOTED = re.compile(r"([\"'])([^\"'\\]*)\1")


class NotDirectError(Exception):
    """The image has to be built by a builder. Never shown to anybody."""


def plain_words(text: str, variables: Mapping[str, str]) -> list[str]:
    """The words of an instruction, expanded."""
    return [plain_value(word, variables) for word in split_words(text)]


def plain_value(text: str, variables: Mapping[str, str]) -> str:
    """A value without the quotes around it, expanded unless they are single ones."""
    if (quoted := _QUOTED.fullmatch(text)) is not None:
        return quoted[2] if quoted[1] == "'" else _expanded(quoted[2], variables)
    if any(mark in text for mark in "\"'"):
        raise NotDirectError
    return _expanded(text, variables)


def plain_pairs(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """``KEY=VALUE`` words."""
    pairs = {}
    for word in split_words(text):
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise NotDirectError
        pairs[plain_value(key, variables)] = plain_value(value, variables)
    return pairs


def command_of(text: str, *, shell: Sequence[str], is_one_line: bool) -> list[JsonValue]:
    """The value of ``CMD`` and its like: a JSON list of words, or a line for the shell."""
    if text.startswith("["):
        try:
            words: JsonValue = json.loads(text)
        except ValueError:
            raise NotDirectError from None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise NotDirectError
        return words
    if not text or not is_one_line:
        raise NotDirectError
    return [*shell, text]


def nanoseconds(text: str) -> int:
    """A duration of one unit: ``1s``, ``500ms``."""
    if (match := _DURATION.fullmatch(text)) is None:
        raise NotDirectError
    return int(match[1]) * _NANOSECONDS[match[2]]


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    if "\\" in text or "$$" in text or re.search(r"\$\{?\w+:?\?", text) or re.search(r"\$(?![\w{])", text):
        raise NotDirectError
    try:
        return expand(text, variables)
    except ValueError:
        raise NotDirectError from None
