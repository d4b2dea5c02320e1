"""What is running right now, as lines that fit a terminal of any size. Pure: it is told the time and the size."""

from __future__ import annotations

from dataclasses import dataclass

from previewer.cli.progress_lines import finished_line, format_seconds, noted_lines
from previewer.cli.style import Style
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput, TaskStarted
from previewer.present.safe_text import cell_width, cut, plain_log_line
from previewer.present.safe_text import plain as plain_text

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 8
LEAST_OUTPUT = 10
"""Cells that a line of output needs to be worth showing."""


@dataclass(slots=True)
class _Running:
    since: float
    line: str = ""


class ProgressBoard:
    """The running tasks, in the order in which they began. Times are seconds of a monotonic clock."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._running: dict[str, _Running] = {}

    def take(self, event: Event, now: float) -> tuple[str, ...]:
        """Note an event; the lines that stay for good."""
        match event:
            case TaskStarted(task, _stage):
                self._running[task] = _Running(now)
            case TaskOutput(task, line):
                if task in self._running and line.strip():
                    self._running[task].line = plain_log_line(line, keep_colour=False).replace("\t", " ").strip()
            case TaskFinished(task):
                self._running.pop(task, None)
                return (finished_line(event, colour=self._colour),)
            case Noted():
                return noted_lines(event, colour=self._colour)
        return ()

    def region(self, *, width: int, height: int, now: float) -> tuple[str, ...]:
        """At most ``height`` lines of at most ``width`` cells; the tasks that do not fit are counted."""
        if height < 1 or not self._running:
            return ()
        tasks = list(self._running.items())
        if len(tasks) > height:
            shown = tasks[: height - 1]
            more = f"  … and {len(tasks) - len(shown)} more running"
            return (*(self._line(task, state, width, now) for task, state in shown), cut(more, width))
        return tuple(self._line(task, state, width, now) for task, state in tasks)

    def _line(self, task: str, state: _Running, width: int, now: float) -> str:
        seconds = max(0.0, now - state.since)
        glyph = SPINNER[int(seconds * FRAMES_PER_SECOND) % len(SPINNER)]
        head = cut(f"{glyph} {plain_text(task)}  {format_seconds(seconds)}", width)
        left = width - cell_width(head) - 2
        painted = Style.BUSY.paint(head[:1], colour=self._colour) + head[1:]
        if not state.line or left < LEAST_OUTPUT:
            return painted
        return f"{painted}  {Style.FAINT.paint(cut(state.line, left), colour=self._colour)}"
