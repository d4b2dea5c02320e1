"""Stop or remove observed objects under the locks of their environments, and prove that they are gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from previewer.domain.deploy.plan import PauseContainer, Plan, Step, StopContainer, plan_removal
from previewer.domain.engine.observation import Observation
from previewer.domain.progress import Noted
from previewer.errors import EngineUnreachableError, LeftoversError, PreviewerError, SourceError
from previewer.execution.execute import execute_to_the_end
from previewer.session.run import Run


@contextmanager
def hold_locks(run: Run, names: Sequence[str], *, purpose: str) -> Iterator[None]:
    """Hold the lock of every environment inside the block, always in the same order.

    What cannot be written, on a full disk say, is told once, and the block goes on without. Raises
    :class:`LockedError` for one that a running process holds.
    """
    failures: list[SourceError] = []
    locks = ExitStack()
    try:
        for name in sorted(names):
            try:
                locks.enter_context(run.session.ledger.lock(name, purpose=purpose))
            except SourceError as error:
                failures.append(error)
        if failures:
            run.report(Noted(f"{purpose} goes on without a lock: {failures[0]}"))
        yield
    finally:
        try:
            locks.close()
        except SourceError as error:
            run.report(
                Noted(f"a lock could not be released: {error}", hint="it is released when this process ends")
            )


def stop_all(run: Run, names: Sequence[str], *, title: str, cause: str, grace: int | None = None) -> None:
    """Stop containers by their names, all at once, each with ``grace`` seconds (``None``: its own)."""
    plan = Plan(title, tuple(Step(StopContainer(name, grace), cause) for name in names))
    execute_to_the_end(run, plan, stage="down", parallel=len(names))


def pause_all(run: Run, names: Sequence[str], *, title: str, cause: str) -> None:
    """Freeze containers by their names, all at once, until they are started."""
    plan = Plan(title, tuple(Step(PauseContainer(name), cause) for name in names))
    execute_to_the_end(run, plan, stage="down", parallel=len(names))


ATTEMPTS = 3
"""An object can appear while others are removed: a create that was under way when its client was killed."""
PAUSE = 0.2
"""Seconds before the next attempt after one that failed."""
PARALLEL = 16
"""Engine calls at a time: the kernel is what takes its time, not the client."""
WHEN_IT_ANSWERS = "when the engine answers again, `previewer down` (or `up`) removes the rest"


def remove_all(
    run: Run, observe: Callable[[], Observation], *, title: str, cause: str, stage: str
) -> tuple[str, ...]:
    """Remove everything that ``observe`` finds, look again, and return the names of what was there.

    It is not interruptible: half a removal is useless, and what cannot be removed does not keep the rest.
    Raises :class:`LeftoversError` that lists what remains, with the engine's reason, and
    :class:`EngineUnreachableError` where it is unknown what remains.
    """
    return remove_by_plan(
        run, observe, lambda found: plan_removal(found, title=title, cause=cause), title=title, stage=stage
    )


def remove_by_plan(
    run: Run, observe: Callable[[], Observation], plan: Callable[[Observation], Plan], *, title: str, stage: str
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
            execute_to_the_end(run, plan(found), stage=stage, parallel=PARALLEL)
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
            f"what remains is unknown: {error.message}", where=title, hint=WHEN_IT_ANSWERS
        ) from error


def object_names(observation: Observation) -> tuple[str, ...]:
    """The engine's names of everything in ``observation``, by kind."""
    return (
        *(f"container {c.name}" for c in observation.containers),
        *(f"network {n.name}" for n in observation.networks),
        *(f"volume {v.name}" for v in observation.volumes),
    )
