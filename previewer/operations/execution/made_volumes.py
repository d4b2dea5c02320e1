"""The volumes that a plan has made, so that one which somebody removed under its hands is noticed.

An engine makes a volume anew, without any label, when a container is made that mounts it: whoever looks by label
would never find it again.
"""

from __future__ import annotations

from contextlib import suppress

from previewer.domain.plan import CreateVolume, Plan
from previewer.domain.progress import Event, Outcome, Report, TaskFinished
from previewer.engine.protocol import Engine, Selection
from previewer.errors import ConflictError, ObjectNotFoundError


class MadeVolumes:
    """Listens to a plan's steps, of which the coordinator tells."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self._names = {step.id: step.action.spec.name for step in plan if isinstance(step.action, CreateVolume)}
        self._made: set[str] = set()
        self._report = report

    def report(self, event: Event) -> None:
        """Where the execution of the plan is to report to."""
        if isinstance(event, TaskFinished) and event.outcome is Outcome.DONE and event.task in self._names:
            self._made.add(self._names[event.task])
        self._report(event)

    def require(self, engine: Engine, made: Selection) -> None:
        """Raise :class:`ObjectNotFoundError` for one that is not among what was ``made``, by its labels."""
        found = engine.observe(made).volumes if self._made else ()
        if gone := sorted(self._made - {volume.name for volume in found}):
            raise ObjectNotFoundError("No such volume any more", where=f"volume {gone[0]}")

    def remove_rest(self, engine: Engine) -> None:
        """Remove those that came back without their labels; the others are gone by now.

        Their names are ours: generations are numbered once. One that somebody mounts by now stays with them.
        """
        for name in sorted(self._made):
            with suppress(ConflictError):
                engine.remove_volume(name)
