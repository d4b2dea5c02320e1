"""What the streams are connected to, and the few colours of the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

ColourChoice = str
"""``auto``, ``always`` or ``never``."""
HELP_WIDTH = 100
"""Longer lines of help are hard to read, however wide the terminal."""
DEFAULT_SIZE = (80, 24)
"""Columns and rows of a terminal that does not say."""


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may be looking at ``stream``; not for a closed one."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def is_automated(environment: Mapping[str, str]) -> bool:
    """Whether this runs in a CI job (``CI`` is set to anything but ``false`` or ``0``)."""
    return environment.get("CI", "").lower() not in ("", "0", "false")


def wants_colour(stream: TextIO, choice: ColourChoice, environment: Mapping[str, str]) -> bool:
    """Whether to colour: as chosen, else on a terminal without ``NO_COLOR`` (no-color.org) that is not dumb."""
    if choice != "auto":
        return choice == "always"
    return is_terminal(stream) and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Columns and rows of the terminal behind ``stream``; 80 × 24 where there is none."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return DEFAULT_SIZE
    return (columns, rows) if columns and rows else DEFAULT_SIZE


def can_ask(stdin: TextIO, stderr: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a question would reach a person: never in CI, never without a terminal on both ends."""
    return is_terminal(stdin) and is_terminal(stderr) and not is_automated(environment)


RESET = "\x1b[0m"


class Style(Enum):
    """How a piece of text is coloured; the value is its SGR parameter (ECMA-48 §8.3.117)."""

    PLAIN = ""
    STRONG = "1"
    FAINT = "2"
    GOOD = "32"
    BUSY = "33"
    BAD = "31"
    ACCENT = "36"

    def paint(self, text: str, *, colour: bool) -> str:
        """``text`` in this style where ``colour`` is wanted, else ``text`` itself."""
        if not colour or self is Style.PLAIN or not text:
            return text
        return f"\x1b[{self.value}m{text}{RESET}"
