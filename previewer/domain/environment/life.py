"""What the engine told of an environment's containers: starts, ends and their codes, health."""

from __future__ import annotations

from collections.abc import Iterable

from previewer.domain.engine.examination import EngineHappening
from previewer.domain.labels import COMPOSE_ONEOFF, ENVIRONMENT, SERVICE

HEALTH = "health_status"
LIFE = frozenset(
    {
        "create", "start", "die", "oom", "restart", "pause", "unpause", "rename", "update", "destroy", HEALTH,
    }
)  # fmt: skip
"""The engine's words. A signal and a stop are told by the end that follows; what was run inside is drift's."""


def is_life(event: EngineHappening) -> bool:
    """Whether it says how a container lives."""
    return event.kind == "container" and event.action in LIFE


def life_of(events: Iterable[EngineHappening], environment: str) -> tuple[EngineHappening, ...]:
    """Those of an environment's containers, oldest first, as ``events`` are; health only where it changes.

    Podman tells of every check that it makes.
    """
    found: list[EngineHappening] = []
    health: dict[str, str] = {}
    for event in events:
        if not is_life(event) or event.attributes.get(ENVIRONMENT) != environment:
            continue
        if event.action == HEALTH and health.get(event.subject) == event.detail:
            continue
        if event.action == HEALTH:
            health[event.subject] = event.detail
        elif event.action == "start":
            health.pop(event.subject, None)
        found.append(event)
    return tuple(found)


def service_of(event: EngineHappening) -> str:
    """The service whose container it is about."""
    return event.attributes.get(SERVICE, "")


def is_debug_copy(event: EngineHappening) -> bool:
    """Whether it is about a disposable copy of that container."""
    return event.attributes.get(COMPOSE_ONEOFF) == "True"
