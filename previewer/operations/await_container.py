"""One look at a container that somebody waits for, and the diagnosis where it failed."""

from __future__ import annotations

from previewer.domain.plan import AwaitContainer
from previewer.domain.readiness import Verdict, judge
from previewer.engine.protocol import ContainerDetail, Engine, LogOptions
from previewer.errors import EngineError, UnhealthyError

LAST_LINES = 15
"""Of a failed container's log that are shown."""


def look(engine: Engine, action: AwaitContainer) -> str | None:
    """What was seen if the container is ready, ``None`` if it is not yet.

    Raises :class:`UnhealthyError` with exit code, health history and last lines if it will not become ready.
    """
    detail = engine.inspect_container(action.name)
    judgement = judge(
        action.condition,
        state=detail.state,
        health=detail.health,
        exit_code=detail.exit_code,
        out_of_memory=detail.out_of_memory,
    )
    if judgement.verdict is Verdict.READY:
        return judgement.reason
    if judgement.verdict is Verdict.WAITING:
        return None
    raise UnhealthyError(
        judgement.reason,
        where=action.service,
        hint=_hint(detail),
        details=(*_health_lines(detail), *_last_lines(engine, action.name)),
    )


def evidence(engine: Engine, action: AwaitContainer) -> tuple[str, ...]:
    """What a container that is waited for in vain says: the last of its health checks and of its log."""
    try:
        detail = engine.inspect_container(action.name)
    except EngineError as error:
        return (f"{action.service} cannot be looked at: {error}",)
    lines = (*_health_lines(detail), *_last_lines(engine, action.name))
    return tuple(f"{action.service}: {line}" for line in lines)


def _hint(detail: ContainerDetail) -> str:
    if detail.out_of_memory:
        return "give the service more memory (deploy.resources.limits.memory) or make it need less"
    if detail.error:
        return detail.error
    if detail.exit_code == 127:
        return "exit code 127: the command was not found in the image"
    if detail.exit_code == 126:
        return "exit code 126: the command is not executable"
    return "its last lines are above; nothing was left behind"


def _health_lines(detail: ContainerDetail) -> tuple[str, ...]:
    return tuple(f"health check: {line}" for line in detail.health_log[-3:])


def _last_lines(engine: Engine, container: str) -> tuple[str, ...]:
    try:
        stream = engine.logs([container], LogOptions(tail=LAST_LINES))
    except EngineError as error:
        return (f"its log cannot be read: {error}",)
    try:
        return tuple(f"log: {line.text}" for batch in stream for line in batch)[-LAST_LINES:]
    finally:
        stream.close()
