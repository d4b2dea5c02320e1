"""How Compose splits a ``command`` that is one text (mattn/go-shellwords without environment and backticks).

Not a shell: variables, globs and ``#`` mean nothing, and words end silently at the first ``;``, ``&``, ``|``,
``<`` or ``>``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from previewer.definition.values import ModelError

BLANKS = " \t\r\n"
QUOTES = "\"'"
ENDS = ";&|<>"
"""Unquoted, these end the command line."""


def split_words(text: str) -> list[str]:
    """The words of a command line. Raises :class:`ModelError` for an open quote or an unquoted ``(``."""
    splitter = _Splitter()
    for sign in text:
        if not splitter.accept(sign):
            break
    return splitter.finish(text)


@dataclass(slots=True)
class _Splitter:
    words: list[str] = field(default_factory=list)
    word: list[str] = field(default_factory=list)
    in_word: bool = False
    """Also true for an empty word in quotes."""
    quote: str = ""
    escaped: bool = False

    def accept(self, sign: str) -> bool:
        """Take the next character; whether the command line goes on."""
        if self.escaped:
            self.escaped = False
            self.add(sign)
        elif sign == "\\" and self.quote != "'":
            self.escaped = True
        elif self.quote and sign != self.quote:
            self.add(sign)
        elif sign in QUOTES:
            self.quote = "" if self.quote else sign
            self.in_word = True
        elif sign in BLANKS:
            self.end_word()
        elif sign in ENDS:
            if sign == ">" and self.word[:1] and self.word[0].isdigit():
                self.in_word = False  # a redirection such as 2>
            return False
        else:
            if sign == "(" and self.word[-1:] != ["$"]:
                raise ModelError("a command line cannot hold an unquoted (", hint="quote it, or write a list")
            self.add(sign)
        return True

    def add(self, sign: str) -> None:
        self.word.append(sign)
        self.in_word = True

    def end_word(self) -> None:
        if self.in_word:
            self.words.append("".join(self.word))
        self.word = []
        self.in_word = False

    def finish(self, text: str) -> list[str]:
        if self.quote or self.escaped:
            raise ModelError(f"the command line {text!r} ends inside a quote")
        self.end_word()
        return self.words
