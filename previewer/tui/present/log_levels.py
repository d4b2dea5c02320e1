"""How loud a log line is: by the level that it names, as most loggers write it."""

from __future__ import annotations

import re
from enum import IntEnum

from previewer.present.values import Tone


class Level(IntEnum):
    """From quiet to loud; a line without a level is taken for information."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


_WORDS = re.compile(
    r"\b(?:(?P<debug>TRACE|DEBUG)|(?P<info>INFO|NOTICE)|(?P<warning>WARN(?:ING)?)"
    r"|(?P<error>ERROR|ERR|FATAL|CRITICAL|PANIC|EMERG|ALERT)|Traceback)\b"
)
_FIELD = re.compile(
    r"(?:level=\"?|\"level\": ?\"|\[)(trace|debug|info|notice|warn(?:ing)?|error|err|fatal|critical|panic)\b",
    re.IGNORECASE,
)
"""``level=warn``, ``"level": "error"``, ``[info]``: there the word may be in any case."""
_BY_WORD = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "notice": Level.INFO,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
}
HEAD = 120
"""Characters of a line in which its level stands."""


def level_of(text: str) -> Level:
    """The level of a line."""
    head = text[:HEAD]
    if (found := _FIELD.search(head)) is not None:
        return _BY_WORD.get(found.group(1).lower(), Level.ERROR)
    if (named := _WORDS.search(head)) is not None:
        return Level[(named.lastgroup or "error").upper()]
    return Level.INFO


_TONES = {Level.DEBUG: Tone.QUIET, Level.INFO: Tone.PLAIN, Level.WARNING: Tone.WARN, Level.ERROR: Tone.BAD}


def level_tone(text: str) -> Tone:
    """The tone of a line."""
    return _TONES[level_of(text)]
