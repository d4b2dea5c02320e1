"""Walk a plan's graph in parallel. It carries out decisions and makes none.

One coordinator, the calling thread, owns all state. Engine calls run in a pool and report back through one
queue; so do the engine's events and the user's interruption, so that nothing is polled while something can be
told. Waiting for a container's health occupies no thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.service import Condition
from previewer.domain.deploy.plan import AwaitContainer, Plan, Step
from previewer.domain.progress import Outcome, Report, TaskFinished, TaskStarted
from previewer.engine.protocol import ContainerEvent, Engine, Selection
from previewer.errors import CancelledError, EngineUnreachableError, PreviewerError, TimedOutError
from previewer.execution.take_step import take_step

if TYPE_CHECKING:
    from previewer.execution.await_container import WaitingClocks

LONGEST_PAUSE = 1.0
"""Seconds after which the deadline is looked at, whatever else happens."""


class _Taken(Struct, frozen=True):
    step: Step
    error: PreviewerError | None


class _Interrupted(Struct, frozen=True):
    pass


_Message: TypeAlias = _Taken | _Interrupted | ContainerEvent


class ExecutionLimits(Struct, frozen=True):
    """How much at once and how long."""

    parallel: int = 8
    """Engine calls at a time."""
    timeout: float = 120.0
    """Seconds for all the waiting together."""
    settle: float = 0.0
    """Seconds that a container without a health check has to run before it counts as running."""
    keep_going: bool = False
    """Whether a failure stops only what needs the failed step."""


def execute(
    plan: Plan,
    engine: Engine,
    *,
    stage: str,
    limits: ExecutionLimits,
    report: Report,
    cancellation: Cancellation,
    watch: Selection | None = None,
) -> None:
    """Take every step of ``plan``. ``watch`` selects whose events are listened to while waiting.

    The first failure stops what has not begun, or with ``keep_going`` what needs the failed step, lets what has
    begun end, and is raised. So are :class:`CancelledError` and, for containers that are not ready in time,
    :class:`TimedOutError`.
    """
    if not len(plan):
        return
    execution = _Execution(plan, engine, stage=stage, limits=limits, report=report)
    forget = cancellation.on_request(execution.interrupt)
    stop_listening = _listen(engine, watch, execution.hear) if watch is not None else None
    try:
        execution.run()
    finally:
        forget()
        if stop_listening is not None:
            stop_listening()


class _Execution:
    def __init__(self, plan: Plan, engine: Engine, *, stage: str, limits: ExecutionLimits, report: Report) -> None:
        self._engine = engine
        self._stage = stage
        self._limits = limits
        self._report = report
        self._messages: SimpleQueue[_Message] = SimpleQueue()
        self._pending: dict[str, Step] = {step.id: step for step in plan}
        self._done: set[str] = set()
        self._running = 0
        self._waiting: dict[str, tuple[Step, AwaitContainer]] = {}
        self._settled: dict[str, tuple[Step, AwaitContainer]] = {}
        """What was waited for and runs: it has to go on running until the last one is ready."""
        self._begun: dict[str, float] = {}
        self._failure: PreviewerError | None = None
        self._is_stopped = False
        self._look_again: dict[str, float] = {}
        """When to look next at each step, on the monotonic clock, even if the engine reports nothing."""

    @cached_property
    def _clocks(self) -> WaitingClocks:
        from previewer.execution.await_container import WaitingClocks

        return WaitingClocks(self._limits.settle)

    def interrupt(self) -> None:
        """Called from another thread, or from a signal handler."""
        self._messages.put(_Interrupted())

    def hear(self, event: ContainerEvent) -> None:
        """Called from the thread that listens to the engine."""
        self._messages.put(event)

    def run(self) -> None:
        deadline = time.monotonic() + self._limits.timeout
        with ThreadPoolExecutor(self._limits.parallel, thread_name_prefix="previewer-step") as pool:
            while True:
                if not self._is_stopped:
                    self._begin_ready(pool)
                if self._is_over() and self._is_still_settled():
                    break
                self._handle(self._next_message())
                self._look_at_due()
                if self._waiting and time.monotonic() > deadline:
                    self._give_up_waiting()
        if self._failure is not None:
            raise self._failure

    def _is_over(self) -> bool:
        if self._is_stopped:
            return self._running == 0
        # After a failure that stops nothing, what needs the failed step stays pending.
        return self._running == 0 and not self._waiting and (self._failure is not None or not self._pending)

    def _is_still_settled(self) -> bool:
        """Whether all that became ready still is; else it is waited for again, or has failed."""
        if self._failure is not None:
            return True
        for step, action in list(self._settled.values()):
            self._look_at(step, action)
        return not self._waiting

    def _next_message(self) -> _Message | None:
        soonest = min(self._look_again.values(), default=None)
        patience = LONGEST_PAUSE if soonest is None else min(LONGEST_PAUSE, soonest - time.monotonic())
        try:
            return self._messages.get(timeout=max(0.001, patience))
        except Empty:
            return None

    def _begin_ready(self, pool: ThreadPoolExecutor) -> None:
        for step in [step for step in self._pending.values() if step.needs <= self._done]:
            if self._is_stopped:
                return
            del self._pending[step.id]
            self._begun[step.id] = time.monotonic()
            self._report(TaskStarted(step.id, self._stage))
            if isinstance(step.action, AwaitContainer):
                self._waiting[step.id] = (step, step.action)
                self._look_at(step, step.action)
            else:
                self._running += 1
                pool.submit(self._take, step)
        if not self._is_stopped and any(step.needs <= self._done for step in self._pending.values()):
            self._begin_ready(pool)

    def _take(self, step: Step) -> None:
        error: PreviewerError | None = None
        try:
            take_step(self._engine, step.action)
        except PreviewerError as failure:
            error = failure
        except BaseException as failure:  # noqa: BLE001 - a lost message would leave the coordinator waiting for ever
            error = PreviewerError(f"unexpected {type(failure).__name__}: {failure}", where=step.id)
            error.__cause__ = failure
        self._messages.put(_Taken(step, error))

    def _handle(self, message: _Message | None) -> None:
        match message:
            case None:
                return
            case ContainerEvent(container=container):
                for step, action in [*self._waiting.values(), *self._settled.values()]:
                    if action.name == container:
                        self._look_at(step, action)
            case _Interrupted():
                self._fail(CancelledError("interrupted"))
                self._end_waiting(Outcome.CANCELLED)
            case _Taken(step, error):
                self._running -= 1
                self._finish(step, error)

    def _look_at_due(self) -> None:
        now = time.monotonic()
        for step, action in list(self._waiting.values()):
            if self._look_again.get(step.id, now + 1) <= now:  # a failure ends the others' waiting
                self._look_at(step, action)

    def _look_at(self, step: Step, action: AwaitContainer) -> None:
        was_settled = step.id in self._settled
        if step.id not in self._waiting and not was_settled:
            return
        from previewer.execution.await_container import look  # what only removes waits for nothing

        try:
            found = look(self._engine, action, self._clocks, cause=step.cause)
        except PreviewerError as error:
            self._forget(step)
            self._finish(step, error)
            return
        if found.settled is None:
            self._settled.pop(step.id, None)
            self._waiting[step.id] = (step, action)
            self._look_again[step.id] = time.monotonic() + found.again_in
        elif not was_settled:
            self._forget(step)
            self._finish(step, None, detail=found.settled)
            if action.condition is not Condition.COMPLETED:
                self._settled[step.id] = (step, action)

    def _forget(self, step: Step) -> None:
        self._waiting.pop(step.id, None)
        self._settled.pop(step.id, None)
        self._look_again.pop(step.id, None)

    def _finish(self, step: Step, error: PreviewerError | None, *, detail: str = "") -> None:
        seconds = time.monotonic() - self._begun[step.id]
        if error is None:
            self._done.add(step.id)
            self._report(TaskFinished(step.id, Outcome.DONE, seconds, detail))
            return
        self._report(TaskFinished(step.id, Outcome.FAILED, seconds, str(error)))
        self._fail(error)
        if self._is_stopped:
            self._end_waiting(Outcome.CANCELLED)

    def _fail(self, error: PreviewerError) -> None:
        if self._failure is None:
            self._failure = error
        # No other step can succeed where nothing answers, and each would take its time to fail.
        stops = isinstance(error, CancelledError | EngineUnreachableError)
        self._is_stopped |= stops or not self._limits.keep_going

    def _end_waiting(self, outcome: Outcome) -> None:
        for step, _action in self._waiting.values():
            self._report(TaskFinished(step.id, outcome, time.monotonic() - self._begun[step.id]))
        self._waiting.clear()
        self._look_again.clear()
        self._settled.clear()

    def _give_up_waiting(self) -> None:
        from previewer.execution.await_container import evidence

        actions = [action for _step, action in self._waiting.values()]
        remedy = "find out why it takes so long"
        if any(action.ports for action in actions):
            remedy = "name the ports to wait for under x-previewer.await_ports"
        self._fail(
            TimedOutError(
                f"not ready within {self._limits.timeout:g} seconds",
                where=", ".join(sorted({action.service for action in actions})),
                hint=f"allow more time with --timeout, or {remedy}; nothing was left behind",
                details=tuple(line for action in actions for line in evidence(self._engine, action)),
            )
        )
        self._end_waiting(Outcome.FAILED)


def _listen(engine: Engine, selection: Selection, hear: Callable[[ContainerEvent], None]) -> Callable[[], None]:
    """Pass the engine's events on from a thread of its own; returns what ends that."""
    stream = engine.watch(selection)

    def read() -> None:
        for batch in stream:
            for event in batch:
                hear(event)

    thread = threading.Thread(target=read, name="previewer-events", daemon=True)
    thread.start()

    def stop() -> None:
        stream.close()
        thread.join(timeout=2)

    return stop
