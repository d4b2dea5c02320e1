"""One look at a container that is waited for, and the diagnosis where it failed."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from previewer.domain.deploy.plan import SHORT_SETTLE, AwaitContainer
from previewer.domain.engine.observation import ContainerDetail, ContainerState
from previewer.domain.engine.readiness import (
    KILLED,
    End,
    Judgement,
    Verdict,
    diagnose,
    diagnose_ports,
    judge,
    judge_ports,
    restarts_in_words,
)
from previewer.domain.engine.start_failures import explain_start
from previewer.engine.protocol import Engine, LogOptions
from previewer.errors import EngineError, UnhealthyError

LAST_LINES = 15
"""Lines of a failed container's log that are shown."""
REASON_SECONDS = 1.0
"""An engine may hear that a container has ended before it hears that memory was the reason."""
LATE_PORT_SECONDS = 5.0
"""How long the other ports of a container that answers on one of them are waited for."""
POLL_SECONDS = 1.0
"""How often waited-for containers are looked at even if the engine tells nothing: its events can end quietly."""
_SHORTEST_POLL, _LONGEST_POLL = 0.01, 0.5
"""Seconds between two looks at ports: nothing tells when a program begins to listen."""
_SHARE_OF_WAITING, _TIMES_ITS_COST = 0.02, 5
"""A pause is this share of the time that was waited so far, and so many times what a look takes."""
_PAUSE = 0.1


class Look(Struct, frozen=True):
    """What one look says of a container that may still become what it is waited for."""

    settled: str | None
    """What was seen, in a few words, if it is ready; ``None`` if it is not yet."""
    again_in: float = POLL_SECONDS
    """Seconds until another look says more even if the engine tells nothing."""


class SettleClock:
    """How long each container has run without being started again. A container without a health check has to run
    for ``seconds`` before it counts: one that cannot read its configuration ends within them."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._since: dict[str, tuple[int, float]] = {}

    def remaining(self, name: str, restarts: int) -> float:
        """Seconds that it still has to run. It has been started just before the first time that this is asked."""
        return max(0.0, self.seconds - self.elapsed(name, restarts))

    def elapsed(self, name: str, restarts: int) -> float:
        """Seconds since it was first asked about."""
        now = self._clock()
        known, since = self._since.get(name, (restarts, now))
        if known != restarts:
            since = now
        self._since[name] = (restarts, since)
        return now - since


class WaitingClocks:
    """How long containers have been waited for."""

    def __init__(self, settle_seconds: float) -> None:
        """``settle_seconds`` is how long a container has to run of which nothing else says that it works."""
        self.settle = SettleClock(settle_seconds)
        self.late_ports = SettleClock(LATE_PORT_SECONDS)
        """Since when containers answer on some of their ports, and not on all."""
        self._details: dict[str, tuple[float, ContainerDetail]] = {}

    def inspect(self, engine: Engine, name: str) -> ContainerDetail:
        """How the container is doing."""
        detail = engine.inspect_container(name)
        self._details[name] = (time.monotonic(), detail)
        return detail

    def recently_running(self, name: str) -> ContainerDetail | None:
        """What was seen last of one that ran a moment ago: its end is an event."""
        seen_at, detail = self._details.get(name, (0.0, None))
        is_recent = detail is not None and time.monotonic() - seen_at < POLL_SECONDS
        return detail if is_recent and detail is not None and detail.state is ContainerState.RUNNING else None


def look(
    engine: Engine, action: AwaitContainer, clocks: WaitingClocks, *, cause: str = "", is_poll: bool = False
) -> Look:
    """Whether the container is ready. ``cause`` says who needs it; ``is_poll`` that the engine has told nothing.

    Raises :class:`UnhealthyError` with exit code, health history, last lines and a hint if it will not become
    ready.
    """
    recent = clocks.recently_running(action.name) if is_poll and action.ports else None
    if recent is not None and _judge(action, recent).verdict is Verdict.SETTLING:
        found = _look_at_running(engine, action, recent, clocks)
        if found.settled is None:
            return found
    detail = clocks.inspect(engine, action.name)
    judgement = _judge(action, detail)
    match judgement.verdict:
        case Verdict.READY:
            return Look(judgement.reason)
        case Verdict.WAITING:
            return Look(None)
        case Verdict.SETTLING:
            return _look_at_running(engine, action, detail, clocks)
        case Verdict.FAILED:
            detail = _with_reason(engine, action, detail)
            raise _unhealthy(engine, action, detail, _judge(action, detail).reason, cause)


def _look_at_running(
    engine: Engine, action: AwaitContainer, detail: ContainerDetail, clocks: WaitingClocks
) -> Look:
    """One without a health check: it has to accept connections on its ports, and to go on running for a moment."""
    elapsed = clocks.settle.elapsed(action.name, detail.restarts)
    patience = clocks.settle.seconds if action.settle is None else action.settle
    if not action.ports:
        return _once_it_ran(patience, elapsed, "running")
    begun = time.monotonic()
    seen = engine.listening_ports(action.name, action.ports)
    cost = time.monotonic() - begun
    is_partial = seen is not None and 0 < len(seen.accepting) < len(action.ports)
    is_patient = is_partial and clocks.late_ports.remaining(action.name, detail.restarts) > 0
    judgement = judge_ports(seen, action.ports, is_patient=is_patient)
    if judgement.verdict is Verdict.WAITING:
        pause = max(_SHORTEST_POLL, elapsed * _SHARE_OF_WAITING, cost * _TIMES_ITS_COST)
        return Look(None, again_in=min(_LONGEST_POLL, pause))
    is_proven = seen is not None and not seen.is_refused
    return _once_it_ran(min(patience, SHORT_SETTLE) if is_proven else patience, elapsed, judgement.reason)


def _once_it_ran(seconds: float, elapsed: float, reason: str) -> Look:
    rest = seconds - elapsed
    return Look(None, again_in=rest) if rest > 0 else Look(reason)


def evidence(engine: Engine, action: AwaitContainer) -> tuple[str, ...]:
    """What a container that is waited for in vain says: the last of its health checks and of its log."""
    try:
        detail = engine.inspect_container(action.name)
    except EngineError as error:
        return (f"{action.service} cannot be looked at: {error}",)
    restarts = restarts_in_words(detail.restarts)
    ports = _port_line(engine, action, detail)
    facts = (fact for fact in (restarts, ports) if fact)
    lines = (*facts, *_health_lines(detail), *_last_lines(engine, action.name))
    return tuple(f"{action.service}: {line}" for line in lines)


def _port_line(engine: Engine, action: AwaitContainer, detail: ContainerDetail) -> str:
    if not action.ports or detail.state is not ContainerState.RUNNING:
        return ""
    try:
        return diagnose_ports(engine.listening_ports(action.name, action.ports), action.ports)
    except EngineError:
        return ""  # it ended meanwhile


def _judge(action: AwaitContainer, detail: ContainerDetail) -> Judgement:
    return judge(
        action.condition,
        state=detail.state,
        health=detail.health,
        exit_code=detail.exit_code,
        out_of_memory=detail.out_of_memory,
        restarts=detail.restarts,
        ports=action.ports,
    )


def _with_reason(engine: Engine, action: AwaitContainer, detail: ContainerDetail) -> ContainerDetail:
    """What is known a moment later of one that was killed, as soon as that says more."""
    deadline = time.monotonic() + REASON_SECONDS
    while detail.exit_code == KILLED and not detail.out_of_memory and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        try:
            later = engine.inspect_container(action.name)
        except EngineError:
            return detail  # it, or the engine, is gone
        if later.exit_code != KILLED:
            return detail  # it was started again
        detail = later
    return detail


def _unhealthy(
    engine: Engine, action: AwaitContainer, detail: ContainerDetail, reason: str, cause: str
) -> UnhealthyError:
    lines = _last_lines(engine, action.name)
    diagnosis = diagnose(
        End(
            exit_code=detail.exit_code,
            out_of_memory=detail.out_of_memory,
            engine_error=detail.error,
            memory=detail.memory,
            pids=detail.pids,
            restarts=detail.restarts,
            lines=lines,
        )
    )
    facts = (
        diagnosis.meaning,
        restarts_in_words(detail.restarts),
        cause if cause.endswith("depends on it") else "",
    )
    return UnhealthyError(
        reason,
        where=action.service,
        hint=diagnosis.hint,
        details=(*(fact for fact in facts if fact), *_health_lines(detail), *lines),
    )


def _health_lines(detail: ContainerDetail) -> tuple[str, ...]:
    return tuple(f"health check: {_in_our_words(line)}" for line in detail.health_log[-3:])


def _in_our_words(line: str) -> str:
    """What a check printed, unless the engine's runtime could not even start its command."""
    failure = explain_start(line) if "runtime" in line else None
    return line if failure is None else f"{failure.meaning}; {failure.hint}"


def _last_lines(engine: Engine, container: str) -> tuple[str, ...]:
    try:
        stream = engine.logs([container], LogOptions(tail=LAST_LINES))
    except EngineError as error:
        return (f"its log cannot be read: {error}",)
    try:
        return tuple(f"log: {line.text}" for batch in stream for line in batch)[-LAST_LINES:]
    finally:
        stream.close()
