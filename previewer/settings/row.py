"""A row of the table of settings."""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from typing import TypeAlias

from msgspec import Struct

from previewer.domain.compose.definition import Location
from previewer.settings.model import Settings

Locate: TypeAlias = Callable[..., Location]
"""Where the value at hand is written: ``locate()``, ``locate(item="bind")``, ``locate("0", "branches")``."""
Apply: TypeAlias = Callable[[Settings, object, Locate], Settings]


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
