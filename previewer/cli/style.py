"""The few colours of the command line. A colour never says anything that a glyph or a word does not say too."""

from __future__ import annotations

from enum import Enum

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
