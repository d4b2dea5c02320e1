"""Standard error: what went wrong, what to know, and questions. (Progress has renderers of its own.)"""

from __future__ import annotations

from typing import TextIO

from previewer.cli.terminal import paint
from previewer.errors import PreviewerError
from previewer.present.safe_text import plain
from previewer.present.values import Tone


class Diagnostics:
    """Standard error. Writing to it never fails, even if its reader is gone."""

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream = stream
        self._colour = colour

    def error(self, error: PreviewerError) -> None:
        """What happened, to what, further lines and what to do about it."""
        where = f"{plain(error.where)}: " if error.where else ""
        first, *rest = error.message.split("\n")
        self._line("error", Tone.BAD, where + plain(first))
        for line in (*rest, *(part for detail in error.details for part in detail.split("\n"))):
            self._write(f"  {plain(line)}".rstrip())
        self.hint(error.hint)
        self._annotate(error)

    def usage(self, message: str, hint: str | None) -> None:
        """The command line makes no sense. The library's words become like ours: one line, small, no full stop."""
        words = " ".join(message.split()).rstrip(".")
        self._line("error", Tone.BAD, plain(words[:1].lower() + words[1:]))
        self.hint(hint)

    def defect(self, error: BaseException) -> None:
        """An exception that should not be: a mistake in previewer itself."""
        text = plain(str(error))
        self._line("error", Tone.BAD, f"a bug in previewer: {type(error).__name__}{': ' if text else ''}{text}")
        self.hint("run the same command with --debug for the traceback, and report it")

    def trace(self, error: BaseException) -> None:
        """The traceback, for ``--debug``."""
        import traceback

        self._write("".join(traceback.format_exception(error)).rstrip("\n"))

    def warn(self, message: str, hint: str | None = None) -> None:
        """Something that is no failure but may surprise."""
        self._line("warning", Tone.BUSY, plain(message))
        self.hint(hint)

    def note(self, message: str, hint: str | None = None) -> None:
        """Something to know."""
        self._write(plain(message))
        self.hint(hint)

    def hint(self, hint: str | None) -> None:
        """What to do about it."""
        if hint:
            self._line("hint", Tone.ACCENT, plain(hint))

    def ask(self, question: str, stdin: TextIO) -> str:
        """A question and the answer, without blanks around it; empty at the end of the input."""
        try:
            self._stream.write(f"{question} ")
            self._stream.flush()
        except OSError:
            return ""
        return stdin.readline().strip()

    def _annotate(self, error: PreviewerError) -> None:
        """Show it beside the line of the file, where GitHub reads this."""
        if not hasattr(self._stream, "raw"):
            return
        from previewer.cli.ci.github import InertStream, error_commands

        if isinstance(self._stream, InertStream):
            commands = Diagnostics(self._stream.raw)
            for text in error_commands(error):
                commands._write(plain(text))

    def _line(self, word: str, tone: Tone, text: str) -> None:
        self._write(f"{paint(f'{word}:', tone, colour=self._colour)} {text}")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return
