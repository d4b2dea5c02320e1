"""Expand variables in a word of a Dockerfile, as BuildKit's shell lexer does.

All forms of the Dockerfile reference, "Environment replacement": ``$X``, ``${X}``, ``-``, ``+`` and ``?`` with and
without ``:``, ``#``, ``##``, ``%``, ``%%``, ``/a/b`` and ``//a/b``; quotes and escapes; one within another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\d+|[@*#?\-$!]|\w+")


def expand(text: str, variables: Mapping[str, str], *, escape: str = "\\") -> str:
    """``text`` without quotes and with its variables replaced; one that is not set becomes empty.

    Raises :class:`ValueError`, for people, where BuildKit would refuse: an unclosed quote or brace, an unknown
    modifier, and ``${X:?message}`` without a value.
    """
    return _Expansion(text, variables, escape).until("")


class _Expansion:
    """A text that is being read from left to right."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str) -> None:
        self._text = text
        self._variables = variables
        self._escape = escape
        self._position = 0

    def until(self, stop: str, *, keeps_escapes: bool = False) -> str:
        """What stands before ``stop`` (empty: before the end), which is read as well."""
        found: list[str] = []
        while character := self._next():
            if character == stop:
                return "".join(found)
            if character == "'":
                found.append(self._single_quoted())
            elif character == '"':
                found.append(self._double_quoted(keeps_escapes=keeps_escapes))
            elif character == "$":
                found.append(self._variable())
            elif character == self._escape:
                found.append((self._escape if keeps_escapes else "") + self._next())
            else:
                found.append(character)
        if stop:
            raise ValueError(f"{self._text} lacks a closing {stop}")
        return "".join(found)

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        character = self._peek()
        self._position += 1
        return character

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._position)
        if end < 0:
            raise ValueError(f"{self._text} lacks a closing '")
        quoted, self._position = self._text[self._position : end], end + 1
        return quoted

    def _double_quoted(self, *, keeps_escapes: bool) -> str:
        found: list[str] = []
        while (character := self._next()) != '"':
            if not character:
                raise ValueError(f'{self._text} lacks a closing "')
            if character == "$":
                found.append(self._variable())
                continue
            if character == self._escape:
                found.append(self._escape if keeps_escapes else "")
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self._escape):
                    character = self._next()
            found.append(character)
        return "".join(found)

    def _name(self) -> str:
        match = _NAME.match(self._text, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match[0]

    def _variable(self) -> str:
        if self._peek() != "{":
            name = self._name()
            return self._variables.get(name, "") if name else "$"
        self._next()
        if self._peek() in ("", "{", "}", ":"):
            raise ValueError(f"{self._text} has a bad substitution")
        name = self._name()
        value = self._variables.get(name)
        modifier = self._next()
        if modifier == "}":
            return value or ""
        if modifier == "/":
            return self._replaced(value or "")
        if modifier in ("#", "%"):
            return self._trimmed(value or "", modifier)
        empty_is_unset = modifier == ":"
        if empty_is_unset:
            modifier = self._next()
        if not modifier or modifier not in "-+?":
            raise ValueError(f"{self._text} has a modifier that does not exist")
        word = self.until("}")
        is_set = value is not None and not (empty_is_unset and not value)
        if modifier == "?" and not is_set:
            raise ValueError(f"{name}: {word or 'is not allowed to be unset'}")
        if modifier == "+":
            return word if is_set else ""
        return (value or "") if is_set else word

    def _trimmed(self, value: str, side: str) -> str:
        """``value`` without the shortest match at its beginning (``#``) or end (``%``); doubled, the longest."""
        is_longest = self._peek() == side
        if is_longest:
            self._next()
        pattern = re.compile(_regular_expression(self.until("}", keeps_escapes=True)))
        ends = range(len(value) + 1)
        if side == "#":
            lengths = reversed(ends) if is_longest else ends
            found = (end for end in lengths if pattern.fullmatch(value, 0, end))
            return value[next(found, 0) :]
        starts = ends if is_longest else reversed(ends)
        return value[: next((start for start in starts if pattern.fullmatch(value, start)), len(value))]

    def _replaced(self, value: str) -> str:
        """``value`` with the first match, or after a second ``/`` every one, of a pattern replaced."""
        is_every = self._peek() == "/"
        if is_every:
            self._next()
        pattern = _regular_expression(self.until("/", keeps_escapes=True))
        replacement = self.until("}", keeps_escapes=True)
        return re.sub(pattern, lambda _: replacement, value, count=0 if is_every else 1)


def _regular_expression(pattern: str) -> str:
    r"""A shell pattern of ``*``, ``?`` and ``\`` before one of those, as a regular expression."""
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            found.append(".*")
        elif character == "?":
            found.append(".")
        elif character == "\\":
            escaped = next(characters, "")
            if not escaped or escaped not in "}/*?\\":
                raise ValueError(f"the pattern {pattern} escapes what needs no escape")
            found.append(re.escape(escaped))
        else:
            found.append(re.escape(character))
    return "".join(found)


def platform_variables(platform: str) -> dict[str, str]:
    """The variables that BuildKit sets by itself, for a build on and for ``platform`` (``linux/arm/v7``)."""
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    parts = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in parts.items()}
