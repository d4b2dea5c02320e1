"""Take one layer of settings in, and say where it is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial

from previewer.domain.compose.definition import Location
from previewer.errors import UsageError
from previewer.settings.model import REPOSITORY_FILE, Settings
from previewer.settings.table import SETTINGS, Layer, Setting
from previewer.settings.toml_lines import KeyPath, TomlLines, find_lines
from previewer.settings.values import SettingValueError

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
