"""Progress as lines, for logs of CI jobs and for pipes: one at a start, one at an end, one a line of output."""

from __future__ import annotations

from typing import TextIO

from previewer.cli.progress_lines import finished_line, noted_lines
from previewer.cli.progress_stream import ProgressStream
from previewer.cli.style import Style
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput, TaskStarted
from previewer.present.safe_text import plain, plain_log_line


class PlainProgress:
    """Nothing moves, nothing is overwritten."""

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream = ProgressStream(stream)
        self._colour = colour

    def report(self, event: Event) -> None:
        """Print the event."""
        match event:
            case TaskStarted(task, stage):
                self._line(f"{Style.FAINT.paint('…', colour=self._colour)} {plain(task)}  ({plain(stage)})")
            case TaskOutput(task, line):
                text = plain_log_line(line, keep_colour=self._colour)
                self._line(f"  {Style.FAINT.paint(f'{plain(task)} |', colour=self._colour)} {text}".rstrip())
            case TaskFinished():
                self._line(finished_line(event, colour=self._colour))
            case Noted():
                for text in noted_lines(event, colour=self._colour):
                    self._line(text)

    def say(self, message: str) -> None:
        """Print the message."""
        self._line(plain(message))

    def close(self) -> None:
        """Nothing is held back."""

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
