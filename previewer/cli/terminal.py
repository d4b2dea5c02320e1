"""What the streams are connected to, the few colours of the command line, and the formats of what it prints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

from previewer.present.safe_text import RESET
from previewer.present.values import Tone

ColourChoice = str
"""``auto``, ``always`` or ``never``."""
HELP_WIDTH = 100
"""Longer lines of help are hard to read, however wide the terminal."""
DEFAULT_SIZE = (80, 24)
"""Columns and rows of a terminal that does not say."""


class Format(Enum):
    """How data is printed with ``-o``."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


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


_SGR: Mapping[Tone, str] = {
    Tone.STRONG: "1",
    Tone.QUIET: "2",
    Tone.ACCENT: "36",
    Tone.GOOD: "32",
    Tone.BUSY: "33",
    Tone.WARN: "33",
    Tone.BAD: "31",
    Tone.LOUD: "1;31",
}
"""Parameters of Select Graphic Rendition (ECMA-48 §8.3.117)."""


def paint(text: str, tone: Tone, *, colour: bool) -> str:
    """``text`` in the colours of its tone where ``colour`` is wanted, else ``text`` itself."""
    if not colour or tone not in _SGR or not text:
        return text
    return f"\x1b[{_SGR[tone]}m{text}{RESET}"
