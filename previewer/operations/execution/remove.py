"""Remove observed objects and prove that they are gone."""

from __future__ import annotations

import time
from collections.abc import Callable

from previewer.domain.cancellation import Cancellation
from previewer.domain.observation import Observation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.removal import plan_removal
from previewer.engine.protocol import Engine
from previewer.errors import EngineUnreachableError, LeftoversError, PreviewerError
from previewer.operations.execution.execute import ExecutionLimits, execute

ATTEMPTS = 3
"""An object can appear while others are removed: a create that was under way when its client was killed."""
PAUSE = 0.2
"""Seconds before the next attempt after one that failed."""
PARALLEL = 16
"""Engine calls at a time: the kernel is what takes its time, not the client."""
WHEN_IT_ANSWERS = "when the engine answers again, `previewer down` (or `up`) removes what is left"


def remove_all(
    engine: Engine, observe: Callable[[], Observation], *, title: str, cause: str, stage: str, report: Report
) -> tuple[str, ...]:
    """Remove everything that ``observe`` finds, look again, and return the names of what was there.

    It is not interruptible: half a removal helps nobody, and what cannot be removed does not keep the rest.
    Raises :class:`LeftoversError` that lists what remains, with the engine's reason, and
    :class:`EngineUnreachableError` where nobody can say what remains.
    """
    return remove_by_plan(
        engine,
        observe,
        lambda found: plan_removal(found, title=title, cause=cause),
        title=title,
        stage=stage,
        report=report,
    )


def remove_by_plan(
    engine: Engine,
    observe: Callable[[], Observation],
    plan: Callable[[Observation], Plan],
    *,
    title: str,
    stage: str,
    report: Report,
) -> tuple[str, ...]:
    """As :func:`remove_all`, by a plan of the caller's, which is asked for before each attempt."""
    removed: list[str] = []
    failure: PreviewerError | None = None
    for _attempt in range(ATTEMPTS):
        found = _look(observe, title)
        if found.is_empty:
            return tuple(removed)
        removed.extend(name for name in object_names(found) if name not in removed)
        try:
            execute(
                plan(found),
                engine,
                stage=stage,
                limits=ExecutionLimits(parallel=PARALLEL, keep_going=True),
                report=report,
                cancellation=Cancellation(),
            )
        except PreviewerError as error:
            failure = error
            time.sleep(PAUSE)
    remaining = _look(observe, title)
    if remaining.is_empty:
        return tuple(removed)
    raise LeftoversError(
        "some objects could not be removed" + (f": {failure}" if failure else ""),
        where=title,
        hint="run `previewer down` again; `docker rm -f` and `docker network rm` remove them by hand",
        details=object_names(remaining),
    )


def _look(observe: Callable[[], Observation], title: str) -> Observation:
    try:
        return observe()
    except EngineUnreachableError as error:
        raise EngineUnreachableError(
            f"what is left is not known: {error.message}", where=title, hint=WHEN_IT_ANSWERS
        ) from error


def object_names(observation: Observation) -> tuple[str, ...]:
    """The engine's names of everything in ``observation``, by kind."""
    return (
        *(f"container {c.name}" for c in observation.containers),
        *(f"network {n.name}" for n in observation.networks),
        *(f"volume {v.name}" for v in observation.volumes),
    )
