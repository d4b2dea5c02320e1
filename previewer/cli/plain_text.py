"""Foreign text made safe to print: it can neither move the cursor, colour, ring, nor fake a second line.

Branch names, subjects, authors, services and log lines were written by somebody else. Control characters are shown
as escapes (``\\x1b``, ``\\n``, ``\\u202e``) instead of being dropped: what looks the same should be the same.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction overrides: they reorder what follows
    "\u200b\u2028\u2029\u2060-\u2064\ufeff"  # invisible, or line ends of their own
    "\ud800-\udfff]"  # bytes that were not UTF-8
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")
"""Select Graphic Rendition (ECMA-48 §8.3.117): the only sequence that a log line may keep."""
RESET = "\x1b[0m"

ELLIPSIS = "…"
_JOINERS = ("\u200c", "\u200d")
_EMOJI_PRESENTATION = "\ufe0f"
"""It makes the narrow symbol before it two cells wide."""


def plain(text: str) -> str:
    """``text`` as one line without control characters."""
    return _UNSAFE.sub(_escape, text)


def plain_log_line(text: str, *, keep_colour: bool) -> str:
    """A line that a service wrote: tabs stay, colours stay if asked for and end with the line."""
    parts = _COLOUR.split(text.rstrip("\r\n"))
    kept = [_plain_with_tabs(part) if index % 2 == 0 else part for index, part in enumerate(parts)]
    if not keep_colour:
        return "".join(kept[::2])
    return "".join(kept) + (RESET if len(parts) > 1 else "")


def cell_width(text: str) -> int:
    """How many terminal cells ``text`` takes (Unicode Standard Annex #11; combining marks take none)."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, with an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    kept, used = [], cell_width(ELLIPSIS)
    for character in text:
        used += _character_width(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS if width > 0 else ""


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    return f"\\x{ord(character):02x}" if character <= "\xff" else f"\\u{ord(character):04x}"


def _plain_with_tabs(text: str) -> str:
    return "\t".join(map(plain, text.split("\t")))


def _character_width(character: str) -> int:
    import unicodedata  # only for text beyond ASCII

    if character == _EMOJI_PRESENTATION:
        return 1
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
