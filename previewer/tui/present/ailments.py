"""Why an environment is not well, in a few words."""

from __future__ import annotations

from previewer.domain.engine.observation import Health, ObservedContainer
from previewer.domain.environment.environment import Environment, ServiceStatus, State
from previewer.present.values import Span, Tone
from previewer.tui.present.text import Line, line

_TONES = {State.FAILED: Tone.BAD, State.UNHEALTHY: Tone.WARN}


def ailment_line(environment: Environment) -> Line:
    """``store exited with 3``; nothing for an environment that is well, or whose services are being started."""
    style = _TONES.get(environment.state)
    if style is None:
        return ()
    ill = [service for service in environment.services if service.state is environment.state]
    return line(Span(", ".join(f"{service.name} {_ailment(service)}" for service in ill), style))


def ending_words(container: ObservedContainer) -> str:
    """``exited with 3``; empty for a container that has not ended."""
    return "" if container.exit_code is None else f"exited with {container.exit_code}"


def _ailment(service: ServiceStatus) -> str:
    endings = [ending_words(container) for container in service.containers if container.exit_code]
    if endings:
        return endings[0]
    if any(container.health is Health.UNHEALTHY for container in service.containers):
        return "is unhealthy"
    return f"is {service.state.value}" if service.containers else "has no container"
