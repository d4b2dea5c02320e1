"""The one kind of pattern: for branches, variables, what is allowed, and what is ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

_TOKENS = re.compile(r"\*+|[^*]", re.DOTALL)


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` is as ``pattern`` says.

    ``*`` stands for any characters but ``/``, ``**`` for any at all, ``?`` for one that is not ``/``;
    everything else, brackets and case included, for itself. It takes time by the length of the text times that of
    the pattern, whatever they are: branches bring patterns along, and what containers answer is held against them.
    """
    return _compile(pattern).matches(text)


def any_glob_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether one of ``patterns`` matches ``text``."""
    return any(glob_matches(pattern, text) for pattern in patterns)


class _Automaton(Struct, frozen=True):
    """All places of a pattern that the text so far can have led to, at once: each bit is one."""

    literals: dict[str, int]
    """The places that a character leads on from."""
    singles: int
    """The places that any character but ``/`` leads on from."""
    stars: int
    """The places at which any character but ``/`` may be passed over."""
    double_stars: int
    """The places at which any character may be."""
    end: int

    def matches(self, text: str) -> bool:
        both = self.stars | self.double_stars
        places = self._passing(1, both)
        for character in text:
            steps, rests = self.literals.get(character, 0), self.double_stars
            if character != "/":
                steps, rests = steps | self.singles, both
            places = self._passing((places & steps) << 1 | places & rests, both)
            if not places:
                return False
        return bool(places & self.end)

    @staticmethod
    def _passing(places: int, stars: int) -> int:
        """A star may stand for nothing; no two stand side by side."""
        return places | (places & stars) << 1


@lru_cache(maxsize=256)
def _compile(pattern: str) -> _Automaton:
    parts = _TOKENS.findall(pattern)
    literals: dict[str, int] = {}
    singles = stars = double_stars = 0
    for place, part in enumerate(parts):
        bit = 1 << place
        if part == "?":
            singles |= bit
        elif part == "*":
            stars |= bit
        elif part.startswith("**"):
            double_stars |= bit
        else:
            literals[part] = literals.get(part, 0) | bit
    return _Automaton(literals, singles, stars, double_stars, 1 << len(parts))
