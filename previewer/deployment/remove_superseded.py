"""Let go of what was replaced: generations that are kept are stopped, all others of the past are removed."""

from __future__ import annotations

from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.plan import Plan, StopContainer, plan_removal
from previewer.domain.deploy.reconcile import plan_stop
from previewer.domain.engine.observation import Observation
from previewer.domain.record.notes import EnvironmentNotes
from previewer.engine.protocol import Selection
from previewer.execution.execute import ExecutionLimits, execute
from previewer.execution.remove import remove_all
from previewer.session.run import Run

KEPT = "it is kept to roll back to"


def plan_removal_of_superseded(
    observed: Observation, notes: EnvironmentNotes, *, after: Plan, replaced: int | None = None
) -> tuple[Plan, ...]:
    """The plan of :func:`remove_superseded` for ``observed`` once ``notes`` are true, ``after`` another plan."""
    stopped = {step.action.name for step in after if isinstance(step.action, StopContainer)}
    stops = plan_stop(observed.of_generation(*notes.kept).but_containers(stopped), title="", cause=KEPT)
    removal = plan_removal(
        _outdated(observed.once_stopped(stopped), notes, replaced), title="", cause=_cause(notes)
    )
    return tuple(plan for plan in (stops, removal) if len(plan))


def remove_superseded(run: Run, name: str, notes: EnvironmentNotes, *, replaced: int | None = None) -> None:
    """Stop what ``notes`` call kept, remove every other generation before theirs, remains of killed runs included.

    A newer one than theirs, unless it is the one that was ``replaced``, is another clone's, which has a lock of
    its own: that will remove this one when it is healthy.
    """
    session = run.session
    selection = Selection(installation=session.source.installation, environment=name)

    def look() -> Observation:
        return session.engine.observe(selection)

    if notes.kept:
        execute(
            plan_stop(look().of_generation(*notes.kept), title=f"keep {name}", cause=KEPT),
            session.engine,
            stage="down",
            limits=ExecutionLimits(keep_going=True),
            report=run.report,
            cancellation=Cancellation(),
        )
    remove_all(
        session.engine,
        lambda: _outdated(look(), notes, replaced),
        title=f"replace {name}",
        cause=_cause(notes),
        stage="down",
        report=run.report,
    )


def _outdated(observed: Observation, notes: EnvironmentNotes, replaced: int | None) -> Observation:
    numbers = {owner.generation for owner in observed.owners}
    gone = {number for number in numbers if number < notes.generation or number == replaced}
    return observed.of_generation(*(gone - {notes.generation, *notes.kept}))


def _cause(notes: EnvironmentNotes) -> str:
    return f"generation {notes.generation} has taken over"
