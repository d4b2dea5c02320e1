"""As much of a terminal as the progress renderer uses: lines, wrapping, moving up, clearing below."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|(\n)|([^\x1b\n])")


class Screen:
    """An endless sheet of ``columns`` columns; one cell a character."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._lines = [""]
        self._row = 0
        self._column = 0

    def feed(self, text: str) -> None:
        """Show ``text``. Raises :class:`AssertionError` for a sequence that it does not know."""
        at = 0
        for token in _TOKEN.finditer(text):
            assert token.start() == at, text[at:]
            at = token.end()
            number, letter, newline, character = token.groups()
            if newline:
                self._row, self._column = self._row + 1, 0
                self._reach()
            elif character:
                self._put(character)
            elif letter == "F":
                self._row, self._column = max(0, self._row - int(number or 1)), 0
            elif letter == "J":
                self._lines[self._row :] = [self._lines[self._row][: self._column]]
            else:
                assert letter == "m", token.group()
        assert at == len(text)

    def resize(self, columns: int) -> None:
        """Make it narrower, as terminals do: long lines are wrapped again, the cursor stays with its text."""
        wrapped: list[str] = []
        for index, line in enumerate(self._lines):
            if index == self._row:
                self._row = len(wrapped)
            wrapped.extend(line[i : i + columns] for i in range(0, max(len(line), 1), columns))
        self._lines, self.columns = wrapped, columns

    @property
    def lines(self) -> list[str]:
        """What is seen, without the empty line that the cursor waits on."""
        return self._lines[:-1] if self._lines[-1] == "" else self._lines

    def _put(self, character: str) -> None:
        if self._column == self.columns:
            self._row, self._column = self._row + 1, 0
            self._reach()
        line = self._lines[self._row].ljust(self._column)
        self._lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
        self._column += 1

    def _reach(self) -> None:
        while len(self._lines) <= self._row:
            self._lines.append("")
