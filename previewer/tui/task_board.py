"""What an operation has said so far: its tasks with their last lines, as its screen shows them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from previewer.domain.progress import Event, Noted, Outcome, TaskFinished, TaskOutput, TaskStarted

TAIL_LENGTH = 200
"""Lines kept of each task's output."""


@dataclass(slots=True)
class Task:
    """One piece of work."""

    name: str
    stage: str
    started_at: float
    """On the application's own monotonic clock, in seconds."""
    outcome: Outcome | None = None
    """``None`` while it runs."""
    seconds: float = 0.0
    """How long it took, once it has ended."""
    detail: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LENGTH))

    def elapsed(self, now: float) -> float:
        """Seconds that it took, or has taken until ``now``."""
        return self.seconds if self.outcome else max(0.0, now - self.started_at)


class TaskBoard:
    """Tasks in the order in which they began. Fed with the events of one operation, in one thread."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.notes: list[Noted] = []
        self._last_talker: str | None = None

    def apply(self, event: Event, *, at: float) -> None:
        """Take in one event, seen at ``at`` on the monotonic clock."""
        if isinstance(event, Noted):
            self.notes.append(event)
            return
        task = self.tasks.get(event.task)
        if task is None or (isinstance(event, TaskStarted) and task.outcome is not None):
            stage = event.stage if isinstance(event, TaskStarted) else ""
            task = self.tasks[event.task] = Task(event.task, stage, at)
        if isinstance(event, TaskOutput):
            task.tail.append(event.line)
            self._last_talker = event.task
        elif isinstance(event, TaskFinished):
            task.outcome, task.seconds, task.detail = event.outcome, event.seconds, event.detail

    @property
    def running(self) -> tuple[Task, ...]:
        """The tasks that have not ended."""
        return tuple(task for task in self.tasks.values() if task.outcome is None)

    @property
    def ended_count(self) -> int:
        """How many tasks have ended."""
        return len(self.tasks) - len(self.running)

    @property
    def talker(self) -> Task | None:
        """The task whose output is worth showing: the failed one, else the one that spoke last and still runs."""
        failed = [task for task in self.tasks.values() if task.outcome is Outcome.FAILED and task.tail]
        if failed:
            return failed[0]
        last = self.tasks.get(self._last_talker or "")
        if last is not None and last.outcome is None:
            return last
        talking = [task for task in self.running if task.tail]
        return talking[-1] if talking else last
