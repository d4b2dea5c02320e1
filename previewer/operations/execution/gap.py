"""How long nobody answered on an environment's ports while one generation took over from another."""

from __future__ import annotations

import time

from previewer.domain.plan import Plan, StopContainer
from previewer.domain.progress import Event, Report, TaskFinished, TaskStarted


class GapClock:
    """Listens to a plan's steps: from the first predecessor that is stopped to the last port that is taken.

    Steps are told of by one thread, the coordinator.
    """

    def __init__(self, plan: Plan, report: Report) -> None:
        self._stops = frozenset(step.id for step in plan if isinstance(step.action, StopContainer))
        self._after = _depending(plan, self._stops)
        self._report = report
        self._begun: float | None = None
        self._ended: float | None = None

    def report(self, event: Event) -> None:
        """Where the execution of the plan is to report to."""
        if isinstance(event, TaskStarted) and event.task in self._stops and self._begun is None:
            self._begun = time.monotonic()
        if isinstance(event, TaskFinished) and event.task in self._after:
            self._ended = time.monotonic()
        self._report(event)

    @property
    def has_begun(self) -> bool:
        """Whether anything was stopped."""
        return self._begun is not None

    @property
    def seconds(self) -> float | None:
        """The gap; ``None`` where nothing had to be stopped first."""
        return self._ended - self._begun if self._begun is not None and self._ended is not None else None


def _depending(plan: Plan, steps: frozenset[str]) -> frozenset[str]:
    """The steps that need any of ``steps``, or what needs them."""
    found = set(steps)
    for step in plan:
        if step.needs & found:
            found.add(step.id)
    return frozenset(found - steps)
