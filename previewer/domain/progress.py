"""What operations say while they work. They never print: front ends render these events as they like."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from msgspec import Struct


class Notify(Enum):
    """How a user who may look elsewhere is told that long work is over."""

    OFF = "off"
    TITLE = "title"
    """Only the terminal's title says so, as it says what runs; the others set it too."""
    BELL = "bell"
    NOTIFICATION = "notification"
    """The desktop's, through the terminal (OSC 9)."""


class Outcome(Enum):
    """How a task ended."""

    DONE = "done"
    CACHED = "cached"
    """Nothing had to be done: the result was there."""
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskStarted(Struct, frozen=True):
    """A piece of work began."""

    task: str
    """Unique within one operation: ``build web``, ``create network shop-main-g1_default``."""
    stage: str
    """``freeze``, ``push``, ``pull``, ``run``, ``down`` or ``undo``."""


class TaskOutput(Struct, frozen=True):
    """A line that the work printed: a build's output, a health check's."""

    task: str
    line: str


class TaskFinished(Struct, frozen=True):
    """A piece of work ended."""

    task: str
    outcome: Outcome
    seconds: float
    detail: str = ""
    """What came of it, or what went wrong, in a few words."""


class Noted(Struct, frozen=True):
    """Something that the user should know and that is no failure."""

    message: str
    hint: str = ""


Event: TypeAlias = TaskStarted | TaskOutput | TaskFinished | Noted

Report: TypeAlias = Callable[[Event], None]
"""Where operations send their events. It is called from several threads and must not block for long."""


def ignore(event: Event) -> None:
    """Discard all reports."""
    del event
