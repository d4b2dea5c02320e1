"""Progress as lines: for logs of CI jobs and pipes as text, for programs as JSON."""

from __future__ import annotations

import threading
from typing import TextIO

from previewer.cli.json_text import to_json_line
from previewer.cli.terminal import paint
from previewer.domain.json_value import JsonObject
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput, TaskStarted
from previewer.present.safe_text import plain, plain_log_line
from previewer.present.values import SIGNS, Tone, stopwatch


class ProgressStream:
    """A stream that may be gone: an operation goes on even if its output is no longer read."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write ``text`` in one piece."""
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
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


class PlainProgress:
    """Nothing moves, nothing is overwritten."""

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream = ProgressStream(stream)
        self._colour = colour

    def report(self, event: Event) -> None:
        """Print the event."""
        match event:
            case TaskStarted(task, stage):
                self._line(f"{paint('…', Tone.QUIET, colour=self._colour)} {plain(task)}  ({plain(stage)})")
            case TaskOutput(task, line):
                text = plain_log_line(line, keep_colour=self._colour)
                self._line(f"  {paint(f'{plain(task)} |', Tone.QUIET, colour=self._colour)} {text}".rstrip())
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


class JsonProgress:
    """Every event, complete."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = ProgressStream(stream)

    def report(self, event: Event) -> None:
        """Print the event as one object."""
        self._write(event_to_json(event))

    def say(self, message: str) -> None:
        """Print the message as if an operation had noted it."""
        self._write(event_to_json(Noted(message)))

    def close(self) -> None:
        """Nothing is held back."""

    def _write(self, value: JsonObject) -> None:
        self._stream.write(to_json_line(value) + "\n")


def event_to_json(event: Event) -> JsonObject:
    """An event as an object; ``event`` tells which."""
    match event:
        case TaskStarted(task, stage):
            return {"event": "started", "task": task, "stage": stage}
        case TaskOutput(task, line):
            return {"event": "output", "task": task, "line": line}
        case TaskFinished(task, outcome, seconds, detail):
            return {
                "event": "finished",
                "task": task,
                "outcome": outcome.value,
                "seconds": round(seconds, 3),
                "detail": detail,
            }
        case Noted(message, hint):
            return {"event": "noted", "message": message, "hint": hint}
