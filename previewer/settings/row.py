"""A row of the table of settings, and what takes its value in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Flag, auto
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.compose.definition import Location, Role
from previewer.settings.model import Settings

Locate: TypeAlias = Callable[..., Location]
"""Where the value at hand is written: ``locate()``, ``locate(item="bind")``, ``locate("0", "branches")``."""
Apply: TypeAlias = Callable[[Settings, object, Locate], Settings]
Reader: TypeAlias = Callable[[object], object]
"""The value for the settings of what a file or variable says. Raises :class:`SettingValueError`."""


def put(*path: str | Role, read: Reader) -> Apply:
    """The settings with what ``read`` makes of the value at ``path``: fields, and keys of mappings."""
    return lambda settings, value, _: _changed(settings, path, lambda _before: read(value))


def join(*path: str | Role, read: Reader) -> Apply:
    """As :func:`put`, but what other layers say stays too."""
    return lambda settings, value, _: _changed(settings, path, lambda before: _joined(before, read(value)))


def _changed(holder: Any, path: tuple[str | Role, ...], change: Callable[[Any], object]) -> Any:
    if not path:
        return change(holder)
    key, *rest = path
    if isinstance(holder, Mapping):
        return MappingProxyType({**holder, key: _changed(holder.get(key), tuple(rest), change)})
    return replace(holder, **{str(key): _changed(getattr(holder, str(key)), tuple(rest), change)})


def _joined(before: Any, more: Any) -> object:
    """Both tuples, sets or mappings as one."""
    if isinstance(more, tuple):
        return (*(before or ()), *more)
    return MappingProxyType({**before, **more}) if isinstance(more, Mapping) else before | more


class Layer(Flag):
    """A file that settings are read from."""

    USER = auto()
    REPOSITORY = auto()


BOTH = Layer.USER | Layer.REPOSITORY


class Setting(Struct, frozen=True):
    """One row of the table."""

    key: str
    """The key in the file, with its tables: ``ttl.preview``. ``*`` stands for any name."""
    looks: str
    """What its value looks like, for the documentation."""
    default: str
    meaning: str
    apply: Apply
    """The settings with a value taken in. Raises :class:`SettingValueError`."""
    layers: Layer = BOTH
    variable: str | None = None
    """The environment variable that wins over both files."""
    is_list: bool = False
    """Whether the variable's text is a list, separated by commas."""
