"""Foreign text made safe to show: it can neither move the cursor, colour, ring, nor pass for another text.

Branch names, subjects, authors, services and log lines come from outside. Control characters and characters that
take no room are shown as escapes (``\\x1b``, ``\\n``, ``\\u200b``) instead of being dropped: what looks the same
is the same.
"""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks: they reorder what follows
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # not to be seen, or line ends
    "\ud800-\udfff]"  # bytes that were not UTF-8
    "|(?<![\u203c-\u3299\U0001f000-\U0001faff])[\ufe00-\ufe0f]"  # a symbol's variant is seen, a letter's is not
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COLOUR = re.compile(r"(\x1b\[[0-9;:]*m)")
"""Select Graphic Rendition (ECMA-48 §8.3.117): the only sequence that a log line may keep."""
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Any control sequence (ECMA-48 §5.4) and operating system commands."""
RESET = "\x1b[0m"

ELLIPSIS = "…"
_JOINERS = ("\u200c", "\u200d")
_EMOJI_PRESENTATION = "\ufe0f"
"""It makes the narrow symbol before it two cells wide."""


def plain(text: str) -> str:
    """``text`` as one line in which everything is seen. Calling it twice changes nothing more."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def plain_log_line(text: str, *, keep_colour: bool) -> str:
    """A line that a service wrote: tabs stay, colours stay if asked for and end with the line."""
    parts = _COLOUR.split(text.rstrip("\r\n"))
    kept = [_plain_with_tabs(part) if index % 2 == 0 else part for index, part in enumerate(parts)]
    if not keep_colour:
        return "".join(kept[::2])
    return "".join(kept) + (RESET if len(parts) > 1 else "")


def plain_log(text: str) -> str:
    """A line that a service wrote, for a screen: sequences are dropped, tabs are stops of eight."""
    if text.isascii() and text.isprintable():
        return text
    return plain(_SEQUENCE.sub("", text).expandtabs(8).rstrip("\r\n"))


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
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _plain_with_tabs(text: str) -> str:
    return "\t".join(map(plain, text.split("\t")))


def _character_width(character: str) -> int:
    if character == _EMOJI_PRESENTATION:
        return 1
    if character in _JOINERS or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
