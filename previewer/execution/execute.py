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
from previewer.domain.progress import Outcome, TaskFinished, TaskStarted
from previewer.engine.protocol import ContainerEvent, Engine, Selection
from previewer.errors import CancelledError, EngineUnreachableError, PreviewerError, TimedOutError
from previewer.execution.await_container import WaitingClocks, evidence, look
from previewer.execution.take_step import take_step
from previewer.session.run import Run

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


def execute(
    run: Run,
    plan: Plan,
    *,
    stage: str,
    timeout: float | None = None,
    settle: float = 0.0,
    watch: Selection | None = None,
) -> None:
    """Take every step of ``plan``.

    ``timeout`` are the seconds for all the waiting together (``None``: those of the settings), ``settle`` those
    that a container without a health check has to run before it counts as running; ``watch`` selects whose events
    are listened to while waiting. The first failure stops what has not begun, lets what has begun end, and is
    raised. So are :class:`CancelledError` and, for containers that are not ready in time, :class:`TimedOutError`.
    """
    settings = run.session.settings
    limit = settings.wait_timeout if timeout is None else timeout
    execution = _Execution(run, plan, stage=stage, parallel=settings.parallel, timeout=limit, settle=settle)
    _carry_out(run, execution, run.cancellation, watch)


def execute_to_the_end(run: Run, plan: Plan, *, stage: str, parallel: int | None = None) -> None:
    """Take every step of ``plan`` that can be taken: no interruption ends it, and a failure only what needs the
    failed step. The first one is raised in the end.

    ``parallel`` is how many engine calls there are at a time; ``None`` for as many as the settings say.
    """
    at_once = parallel or run.session.settings.parallel
    _carry_out(run, _Execution(run, plan, stage=stage, parallel=at_once, keep_going=True), Cancellation(), None)


def _carry_out(run: Run, execution: _Execution, cancellation: Cancellation, watch: Selection | None) -> None:
    if execution.is_empty:
        return
    forget = cancellation.on_request(execution.interrupt)
    stop_listening = _listen(run.session.engine, watch, execution.hear) if watch is not None else None
    try:
        execution.run()
    finally:
        forget()
        if stop_listening is not None:
            stop_listening()


class _Execution:
    def __init__(
        self,
        run: Run,
        plan: Plan,
        *,
        stage: str,
        parallel: int,
        timeout: float = 0.0,
        settle: float = 0.0,
        keep_going: bool = False,
    ) -> None:
        self._engine = run.session.engine
        self._report = run.report
        self._stage = stage
        self._parallel = parallel
        self._timeout = timeout
        self._settle = settle
        self._keep_going = keep_going
        self.is_empty = not len(plan)
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
        return WaitingClocks(self._settle)

    def interrupt(self) -> None:
        """Called from another thread, or from a signal handler."""
        self._messages.put(_Interrupted())

    def hear(self, event: ContainerEvent) -> None:
        """Called from the thread that listens to the engine."""
        self._messages.put(event)

    def run(self) -> None:
        deadline = time.monotonic() + self._timeout
        with ThreadPoolExecutor(self._parallel, thread_name_prefix="previewer-step") as pool:
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
                self._look_at(step, action, is_poll=True)

    def _look_at(self, step: Step, action: AwaitContainer, *, is_poll: bool = False) -> None:
        was_settled = step.id in self._settled
        if step.id not in self._waiting and not was_settled:
            return
        try:
            found = look(self._engine, action, self._clocks, cause=step.cause, is_poll=is_poll)
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
        self._is_stopped |= stops or not self._keep_going

    def _end_waiting(self, outcome: Outcome) -> None:
        for step, _action in self._waiting.values():
            self._report(TaskFinished(step.id, outcome, time.monotonic() - self._begun[step.id]))
        self._waiting.clear()
        self._look_again.clear()
        self._settled.clear()

    def _give_up_waiting(self) -> None:
        actions = [action for _step, action in self._waiting.values()]
        remedy = "find out why it takes so long"
        if any(action.ports for action in actions):
            remedy = "name the ports to wait for under x-previewer.await_ports"
        self._fail(
            TimedOutError(
                f"not ready within {self._timeout:g} seconds",
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
