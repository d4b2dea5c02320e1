"""What home showed when it was left: drawn before anything else is loaded, until git and the engine have answered.

It is a picture and nothing more: no key acts on what it shows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from previewer import __version__
from previewer.domain.json_value import JsonObject
from previewer.present.values import ago
from previewer.session.readings import read_cached, write_cached
from previewer.user_folders import cache_folder

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[H", "\x1b[0m\x1b[?1049l\x1b[?25h"
"""To the terminal's other screen, without a cursor, and back."""
REVERSED, PLAIN, CLEAR_LINE = "\x1b[7m", "\x1b[0m", "\x1b[2K"
CONCEALED = "\x1b[7;8m"
"""For keys that are typed before the interface takes them: the terminal echoes them at the cursor."""
TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "DOCKER_HOST", "DOCKER_CONTEXT")
"""Variables that make another picture."""


class LastPicture(Struct, frozen=True):
    """The place of the picture of one folder, one engine and one kind of terminal."""

    path: Path | None
    size: tuple[int, int]
    """Columns and lines of the terminal; a picture of another size is not shown."""

    def clear(self, terminal: TextIO) -> None:
        """Give the terminal back as it was before the picture."""
        terminal.write(LEAVE)

    def show(self, terminal: TextIO) -> bool:
        """Draw it, if there is one; whether there is."""
        kept = read_cached(self.path) if self.path is not None else {}
        lines, at = kept.get("lines"), kept.get("at")
        is_fitting = kept.get("size") == list(self.size) and kept.get("version") == __version__
        if not (is_fitting and isinstance(lines, list) and isinstance(at, float)):
            return False
        said = f" from {ago(datetime.fromtimestamp(at, UTC), datetime.now(UTC))} · asking git and the engine …"
        width, height = self.size
        said = said[: width - 1]
        note = f"{PLAIN}{CLEAR_LINE}{REVERSED}{said:<{width - 1}}\x1b[{height};{len(said) + 1}H{CONCEALED}"
        terminal.write(ENTER + "\r\n".join([*map(str, lines[:-1]), note]))
        terminal.flush()
        return True

    def keep(self, lines: Sequence[str]) -> None:
        """Keep these lines, in the terminal's colours, for the next start."""
        if self.path is not None:
            value: JsonObject = {
                "version": __version__,
                "size": self.size,
                "at": time.time(),
                "lines": tuple(lines),
            }
            write_cached(self.path, value)


def last_picture(environment: Mapping[str, str], size: tuple[int, int], *about: str | None) -> LastPicture:
    """The picture of what ``about`` tells apart, in a terminal of ``size``."""
    folder = cache_folder(environment)
    told = (str(Path.cwd()), *(part or "" for part in about), *(environment.get(name, "") for name in TERMINAL))
    name = f"home-{sha256(repr(told).encode()).hexdigest()[:24]}.json"
    return LastPicture(folder / name if folder is not None else None, size)
