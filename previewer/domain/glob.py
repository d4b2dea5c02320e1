"""The one kind of pattern that settings are written in: for branches, variables and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_TOKENS = re.compile(r"\*\*|\*|\?|[^*?]+")
_MEANINGS = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` is as ``pattern`` says.

    ``*`` stands for any characters but ``/``, ``**`` for any at all, ``?`` for one that is not ``/``;
    everything else, brackets and case included, for itself.
    """
    return _compile(pattern).fullmatch(text) is not None


def any_glob_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether one of ``patterns`` matches ``text``."""
    return any(glob_matches(pattern, text) for pattern in patterns)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    parts = (_MEANINGS.get(token) or re.escape(token) for token in _TOKENS.findall(pattern))
    return re.compile("".join(parts), re.DOTALL)
