"""Foreign text as plain text: whatever git, an engine or a service wrote, it is shown and never obeyed."""

from __future__ import annotations

import re
from typing import Final

NEWLINE_SIGN: Final = "⏎"
ESCAPE_SIGN: Final = "␛"
UNSEEN_SIGN: Final = "�"

_ANSI_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that reorder the text around them: harmless in a book, a disguise in a list of names."""


def plain(text: str) -> str:
    """``text`` on one line, with nothing in it that a terminal would act on.

    Line ends, escapes and other control characters become visible signs, direction marks vanish. Calling it
    twice changes nothing more.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_ENDS.sub(NEWLINE_SIGN, text).replace("\t", " ").replace("\x1b", ESCAPE_SIGN)
    return _CONTROLS.sub(UNSEEN_SIGN, _DIRECTION_MARKS.sub("", text))


def plain_log(text: str) -> str:
    """A log line as plain text: its colours are dropped, tabs are stops of eight, else it is :func:`plain`."""
    if text.isascii() and text.isprintable():
        return text
    return plain(_ANSI_SEQUENCE.sub("", text).expandtabs(8).rstrip("\r\n"))
