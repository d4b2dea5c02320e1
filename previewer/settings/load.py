"""What a user and a project choose, in layers: ours, the user's file, the project's file, the environment.

The project's file is read from its default branch and from nowhere else, so that no branch under preview decides
what it is trusted with. Command line options come last and are applied by the operations that take them.
"""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.compose.definition import Location
from previewer.domain.glob import any_glob_matches
from previewer.errors import UsageError
from previewer.settings.model import REPOSITORY_FILE, VARIABLE_PREFIX, Settings
from previewer.settings.row import Layer, Setting
from previewer.settings.table import SETTINGS
from previewer.settings.values import SettingValueError

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
                _, quote, rest = rest.partition(self._quotes)
                self._quotes = "" if quote else self._quotes
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


_ROWS: Mapping[KeyPath, Setting] = {tuple(row.key.split(".")): row for row in SETTINGS}
_TABLES = {path[:end] for path in _ROWS for end in range(len(path))}
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_FILES = {Layer.USER: "your own settings file", Layer.REPOSITORY: REPOSITORY_FILE}


def apply_file(settings: Settings, content: bytes, *, name: str, layer: Layer) -> Settings:
    """``settings`` with a file's taken in. Raises :class:`UsageError` with ``name`` and the line."""
    text, values = _parse(content, name)
    lines = find_lines(text)
    for path, value in _leaves(values, ()):
        row = _ROWS.get(path)
        if row is None:
            raise _unknown(path, _at(name, lines, path))
        if layer not in row.layers:
            raise UsageError(
                f"{row.key!r} does not belong here", where=str(_at(name, lines, path)), hint=_belongs(row)
            )
        settings = _apply(row, settings, value, name=name, lines=lines, path=path)
    return settings


def apply_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """``settings`` with those of ``environment`` taken in. Empty variables count as absent."""
    for row in SETTINGS:
        if row.variable is None or not (text := environment.get(row.variable)):
            continue
        place = Location(f"${row.variable}")
        try:
            value = text.split(",") if row.is_list else text
            settings = row.apply(settings, value, partial(_nowhere_else, place))
        except SettingValueError as error:
            raise UsageError(f"{row.key} has to be {error}", where=str(place)) from error
    return settings


def _nowhere_else(place: Location, *_keys: str, item: str | None = None) -> Location:
    """A variable has no lines: everything in it is at one place."""
    del item
    return place


def _apply(
    row: Setting, settings: Settings, value: object, *, name: str, lines: TomlLines, path: KeyPath
) -> Settings:
    def locate(*keys: str, item: str | None = None) -> Location:
        return _at(name, lines, (*path, *keys), item)

    try:
        return row.apply(settings, value, locate)
    except SettingValueError as error:
        where = locate(*error.path)
        raise UsageError(f"{row.key} has to be {error}", where=str(where)) from error


def _parse(content: bytes, name: str) -> tuple[str, Mapping[str, object]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("the settings are not UTF-8", where=name) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = place.group(1) if place else None
        location = Location(name, int(line) if line else len(text.splitlines()))
        raise UsageError(f"this is not TOML: {_PLACE.sub('', str(error))}", where=str(location)) from error


def _leaves(value: Mapping[str, object], path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """The values of settings, and whatever stands where no setting is."""
    for key, child in value.items():
        here = (*path, key)
        if isinstance(child, dict) and here not in _ROWS and (child or here in _TABLES):
            yield from _leaves(child, here)
        else:
            yield here, child


def _unknown(path: KeyPath, where: Location) -> UsageError:
    if path in _TABLES:
        return UsageError(f"{'.'.join(path)!r} is a table", where=str(where), hint=f"write [{'.'.join(path)}]")
    known = [*(row.key for row in SETTINGS), *(".".join(table) for table in _TABLES if table)]
    near = difflib.get_close_matches(".".join(path), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "docs/settings.md lists all settings"
    return UsageError(f"there is no setting {'.'.join(path)!r}", where=str(where), hint=hint)


def _belongs(row: Setting) -> str:
    return f"it is read from {' and '.join(name for layer, name in _FILES.items() if layer in row.layers)}"


def _at(name: str, lines: TomlLines, path: KeyPath, item: str | None = None) -> Location:
    return Location(name, lines.line_of(path, item))


__all__ = ["REPOSITORY_FILE", "USER_FILE", "Settings", "load_settings", "read_user_file", "user_settings_path"]

USER_FILE = "previewer/settings.toml"
"""Below the user's folder for configuration."""


def load_settings(
    *,
    user_file: bytes | None,
    repository_file: bytes | None,
    environment: Mapping[str, str],
    user_name: str = USER_FILE,
) -> Settings:
    """The settings that the layers make together. ``environment`` is the caller's; nothing else is looked at.

    Raises :class:`UsageError` with the file and line, or the variable, of what cannot be read, is unknown or
    does not belong into that file. ``user_name`` is what messages call the user's file.
    """
    is_chosen = any(name.startswith(VARIABLE_PREFIX) and text for name, text in environment.items())
    if user_file is None and repository_file is None and not is_chosen:
        return Settings()  # most often: then the modules that read settings need not be loaded
    settings = _layered(user_file, repository_file, environment, user_name)
    allowed = {name: value for name, value in environment.items() if any_glob_matches(settings.variables, name)}
    return replace(settings, allowed_variables=allowed)


def _layered(
    user_file: bytes | None, repository_file: bytes | None, environment: Mapping[str, str], user_name: str
) -> Settings:
    settings = Settings()
    if user_file is not None:
        settings = apply_file(settings, user_file, name=user_name, layer=Layer.USER)
    if repository_file is not None:
        settings = apply_file(settings, repository_file, name=REPOSITORY_FILE, layer=Layer.REPOSITORY)
    return apply_environment(settings, environment)


def user_settings_path(environment: Mapping[str, str]) -> Path | None:
    """Where the user's file is: below ``XDG_CONFIG_HOME``, else where the platform keeps such files.

    ``None`` where ``environment`` names no home.
    """
    if folder := environment.get("XDG_CONFIG_HOME"):
        return Path(folder) / USER_FILE
    if not (home := environment.get("HOME")):
        return None
    folder = "Library/Application Support" if sys.platform == "darwin" else ".config"
    return Path(home) / folder / USER_FILE


def read_user_file(environment: Mapping[str, str]) -> bytes | None:
    """The content of the user's file; ``None`` where there is none.

    Raises :class:`UsageError` for one that cannot be read.
    """
    path = user_settings_path(environment)
    try:
        return path.read_bytes() if path is not None else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"the settings cannot be read: {error.strerror}", where=str(path)) from error
