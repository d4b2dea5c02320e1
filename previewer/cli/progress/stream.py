"""Standard error as several threads write to it, and events as single lines."""

from __future__ import annotations

import threading
from typing import TextIO

from previewer.cli.terminal import paint
from previewer.domain.progress import Noted, TaskFinished
from previewer.present.safe_text import plain
from previewer.present.values import SIGNS, Tone, stopwatch


class ProgressStream:
    """A stream that may be gone: an operation goes on even if its output is no longer read."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write ``text`` in one piece."""
        with self._lock:
            try:
                self.stream.write(text)
                self.stream.flush()
            except (OSError, ValueError):
                return


def finished_line(event: TaskFinished, *, colour: bool) -> str:
    """``✔ build web  done 3.2s  detail``."""
    glyph, tone = SIGNS[event.outcome.value]
    words = [f"{plain(event.task)}  {event.outcome.value} {stopwatch(event.seconds)}"]
    if event.detail:
        words.append(plain(event.detail))
    return f"{paint(glyph, tone, colour=colour)} {'  '.join(words)}"


def noted_lines(event: Noted, *, colour: bool) -> tuple[str, ...]:
    """The message, and the hint if there is one."""
    lines = [f"{paint('note:', Tone.ACCENT, colour=colour)} {plain(event.message)}"]
    if event.hint:
        lines.append(f"{paint('hint:', Tone.ACCENT, colour=colour)} {plain(event.hint)}")
    return tuple(lines)
