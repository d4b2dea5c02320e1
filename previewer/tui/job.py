"""An operation that was started here: its tasks, their last lines, and its state."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Event, Noted, Outcome, TaskFinished, TaskOutput, TaskStarted
from previewer.errors import CancelledError, PreviewerError

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
        self._last_active_task: str | None = None

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
            self._last_active_task = event.task
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
    def active_task(self) -> Task | None:
        """The task whose output is worth showing: the failed one, else the one that spoke last and still runs."""
        failed = [task for task in self.tasks.values() if task.outcome is Outcome.FAILED and task.tail]
        if failed:
            return failed[0]
        last = self.tasks.get(self._last_active_task or "")
        if last is not None and last.outcome is None:
            return last
        talking = [task for task in self.running if task.tail]
        return talking[-1] if talking else last


class JobState(Enum):
    """How an operation is doing."""

    RUNNING = "running"
    CANCELLING = "undoing"
    SUCCEEDED = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Job:
    """One operation. It belongs to the user interface's thread; its own thread only holds ``cancellation``."""

    number: int
    verb: str
    """The command's name: ``up``, ``replace``, ``down``, …"""
    subject: str
    """What it is done to: a branch, or names of environments."""
    branch: str | None
    """The branch whose row shows it."""
    environments: tuple[str, ...]
    """The environments whose rows show it."""
    started_at: float
    """On the application's monotonic clock, in seconds."""
    progress_label: str = "at work"
    """What stands in these rows meanwhile."""
    command: str = ""
    """The same on the command line."""
    steps: int = 0
    """Steps of the plan that was confirmed; 0 where there was none."""
    cancellation: Cancellation = field(default_factory=Cancellation)
    board: TaskBoard = field(default_factory=TaskBoard)
    ended_at: float | None = None
    outcome: tuple[str, ...] = ()
    """What came of it, a line each."""
    error: PreviewerError | None = None

    was_seen: bool = False
    """Whether its end has been looked at."""

    @property
    def title(self) -> str:
        """``up feature/a``."""
        return f"{self.verb} {self.subject}"

    @property
    def state(self) -> JobState:
        """How it is doing."""
        if self.ended_at is None:
            return JobState.CANCELLING if self.cancellation.requested else JobState.RUNNING
        if self.error is None:
            return JobState.SUCCEEDED
        return JobState.CANCELLED if isinstance(self.error, CancelledError) else JobState.FAILED

    @property
    def total(self) -> int:
        """Tasks that are to be expected: what has begun, and at least the plan's steps."""
        return max(self.steps, len(self.board.tasks))

    @property
    def is_running(self) -> bool:
        """Whether its thread still works."""
        return self.ended_at is None

    def elapsed(self, now: float) -> float:
        """Seconds that it took, or has taken until ``now``."""
        return (self.ended_at if self.ended_at is not None else now) - self.started_at
