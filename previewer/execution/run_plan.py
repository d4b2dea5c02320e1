"""Run a plan that makes or wakes a generation, whole or not at all, and measure the downtime."""

from __future__ import annotations

import time
from datetime import datetime

from msgspec import Struct

from previewer.domain.deploy.plan import Plan, StartContainer, Step, StopContainer
from previewer.domain.deploy.takeover import ENDED
from previewer.domain.engine.observation import Observation
from previewer.domain.labels import Ownership
from previewer.domain.progress import Event, Report, TaskFinished, TaskStarted
from previewer.domain.record.notes import EnvironmentNotes
from previewer.engine.protocol import Selection
from previewer.errors import (
    EngineUnreachableError,
    ImageGoneError,
    LeftoversError,
    LockedError,
    ObjectNotFoundError,
    PreviewerError,
    UnhealthyError,
)
from previewer.execution.execute import execute, execute_to_the_end
from previewer.execution.remove import remove_all
from previewer.execution.take_step import MadeVolumes
from previewer.records.environments import environment_entry
from previewer.records.failures import keep_last_lines
from previewer.session.run import Run
from previewer.session.session import Session


class DowntimeTimer:
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


class RanPlan(Struct, frozen=True):
    """What running a plan came to."""

    downtime: float | None
    """The gap in seconds, see :class:`DowntimeTimer`."""
    made: Observation
    """What there is of what it made."""


def run_plan(run: Run, owner: Ownership, plan: Plan, *, timeout: float, may_end: bool = False) -> RanPlan:
    """Run ``plan``, which makes what ``owner`` labels.

    Something that it starts has to go on running, unless all ``may_end``, as jobs do. What ends it early undoes
    it: what was made is removed, and what was stopped is started again.
    """
    session = run.session
    made = Selection(installation=owner.installation, operation=owner.operation)
    clock = DowntimeTimer(plan, run.report)
    volumes = MadeVolumes(plan, clock.report)
    try:
        execute(
            run.reporting_to(volumes.report),
            plan,
            stage="run",
            timeout=timeout,
            settle=session.settings.settle_time,
            watch=made,
        )
        found = session.engine.observe(made)
        volumes.require(found)
        if not may_end:
            _require_life(owner, found)
    except BaseException as failure:
        if not may_end:
            keep_last_lines(run, owner, failure)
        stops = (step.action.name for step in plan if isinstance(step.action, StopContainer))
        stopped = tuple(stops) if clock.has_begun else ()
        _undo(run, made, stopped, owner, failure, volumes)
        if isinstance(failure, ObjectNotFoundError) and not isinstance(failure, ImageGoneError):
            raise LockedError(
                f"objects were removed while they were being made ({failure})",
                where=owner.environment,
                hint="another clone of the repository, or a command by hand, is changing it: try again",
            ) from failure
        raise
    return RanPlan(clock.seconds, found)


def _require_life(owner: Ownership, made: Observation) -> None:
    """Raise :class:`UnhealthyError` where all that was made has ended: jobs alone are no environment."""
    containers = made.containers
    if containers and all(container.state in ENDED for container in containers):
        raise UnhealthyError(
            "nothing of it runs any more",
            where=owner.environment,
            hint="one service at least has to go on running; `previewer run` brings a commit up for one command",
            details=tuple(f"{c.service} ended with exit code {c.exit_code or 0}" for c in containers),
        )


def start_again(run: Run, names: tuple[str, ...], *, title: str, cause: str) -> None:
    """Start containers that were stopped for a successor that did not come. Those that run are left alone."""
    steps = tuple(Step(StartContainer(name, again=True), cause) for name in names)
    execute_to_the_end(run, Plan(title, steps), stage="undo")


def note_undone(
    session: Session, owner: Ownership, *, began: datetime, notes: EnvironmentNotes | None = None
) -> None:
    """Write into the history that ``owner``'s generation did not take over: who stopped the other one, and why.

    ``began`` is before the first container was stopped for it; ``notes`` are what is true again, where it was not.
    """
    session.ledger.append(
        environment_entry(
            session,
            owner,
            action="undo",
            detail=f"generation {owner.generation} did not take over",
            began=began,
            notes=notes,
        )
    )


def _undo(
    run: Run,
    made: Selection,
    stopped: tuple[str, ...],
    owner: Ownership,
    failure: BaseException,
    volumes: MadeVolumes,
) -> None:
    """Remove the containers that were made, start those that they replaced, then remove the rest.

    In this order: the old ones need their ports back, and as long as anything of the new ones is left, the next
    command sees that this was not finished. An old one that is gone, by another clone's hand say, is not waited
    for. Where undoing fails too, both failures are told.
    """
    session = run.session
    environment = owner.environment
    title, cause = f"undo {environment}", "it did not succeed"

    def remove(*, only_containers: bool) -> None:
        def look() -> Observation:
            found = session.engine.observe(made)
            return Observation(containers=found.containers) if only_containers else found

        remove_all(run, look, title=title, cause=cause, stage="undo")

    try:
        if stopped:
            remove(only_containers=True)
            theirs = session.engine.observe(Selection(owner.installation, environment=environment)).containers
            present = tuple(name for name in stopped if name in {container.name for container in theirs})
            start_again(run, present, title=title, cause="it serves until its successor does")
            note_undone(session, owner, began=owner.created_at)
        remove(only_containers=False)
        volumes.remove_rest(session.engine)
    except PreviewerError as left:
        reason = str(failure) or type(failure).__name__
        then = "what remains is unknown" if isinstance(failure, EngineUnreachableError) else left.message
        kind = type(left) if isinstance(left, LeftoversError | EngineUnreachableError) else LeftoversError
        raise kind(f"{reason}; then {then}", where=environment, hint=left.hint, details=left.details) from failure
