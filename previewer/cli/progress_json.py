"""Progress as JSON Lines, for programs: one object an event."""

from __future__ import annotations

from typing import TextIO

from previewer.cli.json_text import to_json_line
from previewer.cli.progress_stream import ProgressStream
from previewer.domain.json_value import JsonObject
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput, TaskStarted


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
