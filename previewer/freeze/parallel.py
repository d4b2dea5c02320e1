"""Several pieces of work at once, under one cancellation: the first that fails stops the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Outcome, Report, TaskFinished, TaskStarted
from previewer.errors import CancelledError, PreviewerError

T = TypeVar("T")

STAGE = "freeze"


def run_parallel(
    work: Sequence[Callable[[Cancellation], T]], *, limit: int, cancellation: Cancellation
) -> list[T]:
    """Do all ``work``, at most ``limit`` at once; the results in its order.

    When one piece fails, the running ones are cancelled, the others never start, and its error is raised once all
    have ended.
    """
    cancellation.check()
    if not work:
        return []
    shared = Cancellation()
    take_back = cancellation.on_request(shared.request)
    try:
        with ThreadPoolExecutor(max_workers=max(1, limit), thread_name_prefix=STAGE) as pool:
            futures = [pool.submit(piece, shared) for piece in work]
            _, pending = wait(futures, return_when=FIRST_EXCEPTION)
            if pending or cancellation.requested:
                shared.request()
            for future in pending:
                future.cancel()
    finally:
        take_back()
    if failure := _failure(futures):
        raise failure
    return [future.result() for future in futures]


def _failure(futures: Sequence[Future[T]]) -> BaseException | None:
    """The error that began it: others were only cancelled because of it."""
    errors = [error for future in futures if not future.cancelled() and (error := future.exception()) is not None]
    causes = [error for error in errors if not isinstance(error, CancelledError)]
    return next(iter((*causes, *errors)), None)


@dataclass(slots=True)
class TaskEnd:
    """How a task is to be reported; the work inside may change it."""

    outcome: Outcome = Outcome.DONE
    detail: str = ""


@contextmanager
def reported_task(report: Report, task: str, *, stage: str = STAGE) -> Iterator[TaskEnd]:
    """Report the beginning and the end of the block as one task."""
    report(TaskStarted(task, stage))
    begun = time.monotonic()
    end = TaskEnd()
    try:
        yield end
    except CancelledError:
        end = TaskEnd(Outcome.CANCELLED)
        raise
    except PreviewerError as error:
        end = TaskEnd(Outcome.FAILED, error.message)
        raise
    except BaseException:
        end = TaskEnd(Outcome.FAILED)
        raise
    finally:
        report(TaskFinished(task, end.outcome, time.monotonic() - begun, end.detail))
