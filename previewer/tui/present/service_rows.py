"""Rows of an environment's services table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from previewer.domain.environment import ServiceStatus
from previewer.domain.observation import ContainerState, Health, ObservedContainer
from previewer.domain.revision import short_id
from previewer.tui.present.ailments import ending_words
from previewer.tui.present.columns import Column, share_out
from previewer.tui.present.pieces import Line, Piece, Tone, line, quiet
from previewer.tui.present.status import state_line

ALL_SERVICES = ""
"""The key of the first row, which stands for all services."""

_COLUMNS = (
    Column("service", "Service", 14, share=2, most=32),
    Column("state", "State", 12),
    Column("ports", "URL", 22, share=3, most=64),
    Column("image", "Image", 12),
    Column("detail", "Container", 18, share=1, most=30),
)
_NARROW_WIDTH = 90
"""Below this there is no column for the containers' own states: the state says nearly the same."""


def fit_service_columns(width: int) -> tuple[Column, ...]:
    """The columns for a table of ``width`` cells."""
    chosen = _COLUMNS if width >= _NARROW_WIDTH else _COLUMNS[:-1]
    return share_out(chosen, width)


def all_services_lines(count: int) -> Mapping[str, Line]:
    """The first row."""
    return {
        "service": line(Piece("all services", Tone.STRONG)),
        "state": line(Piece(f"{count} of them" if count != 1 else "1", Tone.QUIET)),
    }


def service_lines(service: ServiceStatus, *, is_stale: bool = False) -> Mapping[str, Line]:
    """A service's row; ``is_stale`` where the engine does not answer any more."""
    return {
        "service": line(service.name),
        "state": quiet(state_line(service.state)) if is_stale else state_line(service.state),
        "detail": _detail(service),
        "image": line(Piece(short_id(service.image), Tone.QUIET)),
        "ports": line("  ".join((*_urls(service), *_other_ports(service)))),
    }


def _urls(service: ServiceStatus) -> Iterator[str]:
    """Each with its port in the container in front."""
    return (f"{port.port} → {port.url}" for port in service.ports)


def _detail(service: ServiceStatus) -> Line:
    if not service.containers:
        return line(Piece("no container", Tone.QUIET))
    if len(service.containers) > 1:
        up = sum(container.state is ContainerState.RUNNING for container in service.containers)
        return line(f"{up} of {len(service.containers)} running")
    return line(_words(service.containers[0]))


def _words(container: ObservedContainer) -> str:
    if container.exit_code is not None and container.state is not ContainerState.RUNNING:
        return ending_words(container)
    if container.health is Health.NONE:
        return container.state.value
    return f"{container.state.value}, {container.health.value}"


def _other_ports(service: ServiceStatus) -> tuple[str, ...]:
    """The published ports that have no URL."""
    return tuple(
        f"{port.host_ip}:{port.host_port}→{port.target}/{port.protocol}"
        for container in service.containers
        for port in container.ports
        if port.protocol != "tcp"
    )
