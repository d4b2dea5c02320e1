"""Which log lines belong to one traceback: it is shown as the line that says what happened, with their count."""

from __future__ import annotations

import re

from previewer.engine.protocol import LogLine

_PYTHON_HEAD = re.compile(r"Traceback \(most recent call last\):\s*$")
_PYTHON_END = re.compile(r"[A-Za-z_][\w.]*(?::\s|:?$)")
"""``shop.errors.Full: no room``, ``KeyboardInterrupt``."""
_FRAME = re.compile(r"\s+at \S|\s+\.\.\. \d+ (?:more|common frames)")
"""A call as Java, JavaScript and C# write it, below the line that says what happened."""
_CAUSE = re.compile(r"Caused by: \S")


class Traceback:
    """Grows while its lines come. Belongs to the user interface's thread."""

    __slots__ = ("count", "shown")

    def __init__(self, line: LogLine) -> None:
        self.count = 1
        """Lines."""
        self.shown = line
        """The one that stands for all: Python's last, elsewhere the innermost call, which comes first."""


class Tracebacks:
    """Follows the lines of several containers, each in the order in which it wrote them."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Traceback, bool]] = {}
        """By container the one that may go on, and whether it is Python's."""

    def place(self, line: LogLine) -> Traceback | None:
        """The traceback that a line belongs to; ``None`` for none."""
        text = line.text
        if line.container in self._open:
            found, is_python = self._open[line.container]
            if self._goes_on(line, is_python=is_python):
                found.count += 1
                if is_python:
                    found.shown = line
                return found
        elif not text[:1].isspace() and "Traceback" not in text:
            return None  # nearly every line
        is_python = _PYTHON_HEAD.match(text) is not None
        if is_python or _FRAME.match(text):
            found = Traceback(line)
            self._open[line.container] = (found, is_python)
            return found
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._open.clear()

    def _goes_on(self, line: LogLine, *, is_python: bool) -> bool:
        if is_python and line.text[:1] in (" ", "\t"):
            return True
        if not is_python and (_FRAME.match(line.text) or _CAUSE.match(line.text)):
            return True
        del self._open[line.container]
        return is_python and _PYTHON_END.match(line.text) is not None
