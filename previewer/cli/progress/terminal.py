"""Progress on a terminal: finished tasks scroll by, the running ones stay below."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from previewer.cli.progress.lines import ProgressStream, finished_line, noted_lines
from previewer.cli.terminal import paint, terminal_size
from previewer.domain.progress import Event, Noted, TaskFinished, TaskOutput, TaskStarted
from previewer.present.safe_text import cell_width, cut, plain, plain_log_line
from previewer.present.safe_text import plain as plain_text
from previewer.present.values import Tone, stopwatch

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
        head = cut(f"{glyph} {plain_text(task)}  {stopwatch(seconds)}", width)
        left = width - cell_width(head) - 2
        painted = paint(head[:1], Tone.BUSY, colour=self._colour) + head[1:]
        if not state.line or left < LEAST_OUTPUT:
            return painted
        return f"{painted}  {paint(cut(state.line, left), Tone.QUIET, colour=self._colour)}"


SECONDS_PER_FRAME = 0.1
_CLEAR_BELOW = "\x1b[J"
_SGR = re.compile(r"\x1b\[[0-9;:]*m")


class TerminalProgress:
    """Redraws at most ten times a second, from a thread of its own; each frame is one write."""

    def __init__(
        self,
        stream: TextIO,
        *,
        colour: bool = False,
        clock: Callable[[], float] = time.monotonic,
        size: Callable[[], tuple[int, int]] | None = None,
        runs: bool = True,
    ) -> None:
        """``size`` gives columns and rows. Without ``runs`` nothing is drawn but by :meth:`draw` (tests)."""
        self._stream = ProgressStream(stream)
        self._board = ProgressBoard(colour=colour)
        self._clock = clock
        self._size = size or (lambda: terminal_size(stream))
        self._kept: list[str] = []
        self._drawn: tuple[str, ...] = ()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True) if runs else None
        if self._thread is not None:
            self._thread.start()

    def report(self, event: Event) -> None:
        """Note the event; the next frame shows it."""
        with self._lock:
            self._kept.extend(self._board.take(event, self._clock()))

    def say(self, message: str) -> None:
        """Keep a message above the running tasks."""
        with self._lock:
            self._kept.append(plain(message))

    def close(self) -> None:
        """Draw what is left, without the running tasks: they are over, or their state is unknown."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.draw(final=True)

    def draw(self, *, final: bool = False) -> None:
        """One frame: take back the last one, print what has ended since, draw what runs."""
        columns, rows = self._size()
        with self._lock:
            kept, self._kept = self._kept, []
            width, height = max(columns - 1, 1), max(rows - 2, 1)
            region = () if final else self._board.region(width=width, height=height, now=self._clock())
            before, self._drawn = self._drawn, region
        if before == region and not kept:
            return
        lines = "".join(f"{line}\n" for line in (*kept, *region))
        self._stream.write(_take_back(before, columns) + lines)

    def _run(self) -> None:
        while not self._ended.wait(SECONDS_PER_FRAME):
            self.draw()


def _take_back(lines: tuple[str, ...], columns: int) -> str:
    """Move above ``lines`` and clear them; they may have been wrapped by a terminal made narrower since."""
    rows = sum(max(1, -(-cell_width(_SGR.sub("", line)) // max(columns, 1))) for line in lines)
    return f"\x1b[{rows}F{_CLEAR_BELOW}" if rows else ""
