"""Standard error as several threads write to it, and events as single lines."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TextIO

from previewer.cli.terminal import Style
from previewer.domain.progress import Noted, Outcome, TaskFinished
from previewer.present.safe_text import plain


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


_OUTCOMES: Mapping[Outcome, tuple[str, Style]] = {
    Outcome.DONE: ("✔", Style.GOOD),
    Outcome.CACHED: ("≡", Style.FAINT),
    Outcome.FAILED: ("✖", Style.BAD),
    Outcome.CANCELLED: ("⊘", Style.BUSY),
}


def finished_line(event: TaskFinished, *, colour: bool) -> str:
    """``✔ build web  done 3.2s  detail``."""
    glyph, style = _OUTCOMES[event.outcome]
    words = [f"{plain(event.task)}  {event.outcome.value} {format_seconds(event.seconds)}"]
    if event.detail:
        words.append(plain(event.detail))
    return f"{style.paint(glyph, colour=colour)} {'  '.join(words)}"


def noted_lines(event: Noted, *, colour: bool) -> tuple[str, ...]:
    """The message, and the hint if there is one."""
    lines = [f"{Style.ACCENT.paint('note:', colour=colour)} {plain(event.message)}"]
    if event.hint:
        lines.append(f"{Style.ACCENT.paint('hint:', colour=colour)} {plain(event.hint)}")
    return tuple(lines)


def format_seconds(seconds: float) -> str:
    """``0.4s`` under ten seconds, ``42s``, ``3m07s``."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
