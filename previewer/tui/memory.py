"""What the user chose in the interface, kept between starts in the user's state folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from previewer.session.readings import read_cached, write_cached
from previewer.user_folders import state_folder

FILE = "tui.json"
LEAST_PANE, MOST_PANE, PANE_STEP = 20, 60, 4
"""Of the pane beside the home table, in percent of the terminal's width."""
LEAST_LINES, MOST_LINES = 3, 30
"""Of the pane below it."""


class Preferences(msgspec.Struct, frozen=True):
    """All of it; the defaults are what one begins with."""

    themes: Mapping[str, str] = {}
    """By what a terminal can show (``truecolor``, ``256``, ``standard``): the theme that was chosen there."""
    is_compact: bool = False
    """Whether space is left to what is shown: no cards, no empty lines."""
    sort: Literal["activity", "name", "state", "age"] = "activity"
    """The order of home's rows."""
    pane_percent: Annotated[int, msgspec.Meta(ge=LEAST_PANE, le=MOST_PANE)] = 36
    pane_lines: Annotated[int, msgspec.Meta(ge=LEAST_LINES, le=MOST_LINES)] = 9
    is_toured: bool = False
    """Whether an environment has ever been seen: then nothing has to be explained any more."""


class Memory:
    """Belongs to the user interface's thread. Whoever writes last counts: several interfaces may run."""

    def __init__(self, path: Path | None = None) -> None:
        """``None``: nothing lasts."""
        self._path = path
        self.preferences = _read(path) if path is not None else Preferences()

    def keep(self, **changes: object) -> None:
        """Remember these fields of :class:`Preferences`."""
        changed = replace(self.preferences, **changes)
        if changed != self.preferences:
            self.preferences = changed
            if self._path is not None:
                write_cached(self._path, msgspec.to_builtins(changed))


def memory_of(environment: Mapping[str, str]) -> Memory:
    """The user's; one that forgets for a user without a home."""
    folder = state_folder(environment)
    return Memory(folder / FILE if folder is not None else None)


def _read(path: Path) -> Preferences:
    try:
        return msgspec.convert(read_cached(path), Preferences)
    except msgspec.ValidationError:
        return Preferences()
