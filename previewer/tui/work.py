"""An operation that was started from here, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from previewer.domain.cancellation import Cancellation
from previewer.errors import CancelledError, PreviewerError
from previewer.tui.task_board import TaskBoard


class WorkState(Enum):
    """How an operation is doing."""

    RUNNING = "running"
    CANCELLING = "undoing"
    SUCCEEDED = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Work:
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
    doing: str = "at work"
    """What stands in these rows meanwhile."""
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
    def state(self) -> WorkState:
        """How it is doing."""
        if self.ended_at is None:
            return WorkState.CANCELLING if self.cancellation.requested else WorkState.RUNNING
        if self.error is None:
            return WorkState.SUCCEEDED
        return WorkState.CANCELLED if isinstance(self.error, CancelledError) else WorkState.FAILED

    @property
    def is_running(self) -> bool:
        """Whether its thread still works."""
        return self.ended_at is None

    def elapsed(self, now: float) -> float:
        """Seconds that it took, or has taken until ``now``."""
        return (self.ended_at if self.ended_at is not None else now) - self.started_at
