"""On which line of a TOML file each key is written. ``tomllib`` reads the values but forgets their places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

KeyPath = tuple[str, ...]
"""The keys that lead to a value; tables of an array are counted from ``"0"``."""

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEYS = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_PAIR = re.compile(rf"\s*({_KEYS})\s*=")
_NOISE = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


class TomlLines(Struct, frozen=True):
    """The lines of one file, and the line (from 1) of each key."""

    lines: Sequence[str]
    keys: Mapping[KeyPath, int]

    def line_of(self, path: KeyPath, item: str | None = None) -> int | None:
        """The line of ``path``, of the nearest key above it, or of ``item`` in the list that it holds."""
        for end in range(len(path), 0, -1):
            if (line := self.keys.get(path[:end])) is not None:
                return line if item is None else self._line_of_item(item, line)
        return None

    def _line_of_item(self, item: str, start: int) -> int:
        for number in range(start, len(self.lines) + 1):
            if f'"{item}"' in self.lines[number - 1] or f"'{item}'" in self.lines[number - 1]:
                return number
        return start


def find_lines(text: str) -> TomlLines:
    """The lines of all keys of a file that ``tomllib`` has read without complaint."""
    keys: dict[KeyPath, int] = {}
    table: KeyPath = ()
    tables: dict[KeyPath, int] = {}
    inside = _Inside()
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if not inside.value and (header := _HEADER.match(line)):
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                tables[table] = tables.get(table, -1) + 1
                table = (*table, str(tables[table]))
            keys.setdefault(table, number)
            continue
        pair = None if inside.value else _PAIR.match(line)
        if pair:
            keys.setdefault((*table, *_parts(pair.group(1))), number)
        inside.read(line[pair.end() :] if pair else line)
    return TomlLines(lines, keys)


class _Inside:
    """Whether a value goes on in the next line: a list, an inline table or a text of several lines."""

    def __init__(self) -> None:
        self._brackets = 0
        self._quotes = ""

    @property
    def value(self) -> bool:
        return self._brackets > 0 or bool(self._quotes)

    def read(self, line: str) -> None:
        """Go on behind ``line``."""
        rest = line
        while rest:
            if self._quotes:
                _, found, rest = rest.partition(self._quotes)
                self._quotes = "" if found else self._quotes
                continue
            token = _NOISE.search(rest)
            if token is None:
                return
            rest = rest[token.end() :]
            self._take(token.group())

    def _take(self, token: str) -> None:
        if token in ('"""', "'''"):
            self._quotes = token
        elif token in ("[", "{"):
            self._brackets += 1
        elif token in ("]", "}"):
            self._brackets -= 1


def _parts(keys: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_PART, keys))
