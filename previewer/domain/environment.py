"""An environment as observed: its services, their state, and the URLs they answer on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import groupby

from previewer.domain.definition import Role
from previewer.domain.labels import Ownership
from previewer.domain.observation import ContainerState, Health, Observation, ObservedContainer


class State(Enum):
    """How a service, or an environment as a whole, is doing. Declared from best to worst."""

    DONE = "done"
    """A one-shot job that ended with 0; an environment only of such."""
    HEALTHY = "healthy"
    RUNNING = "running"
    """It runs and has no health check."""
    STARTING = "starting"
    STOPPED = "stopped"
    UNHEALTHY = "unhealthy"
    FAILED = "failed"
    """It ended with another code than 0, or nothing of it is left but networks or volumes."""


_SEVERITY = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service of an environment."""

    name: str
    state: State
    containers: tuple[ObservedContainer, ...]
    """Sorted by number."""
    urls: tuple[str, ...]

    @property
    def image(self) -> str:
        """The image that it runs, ``sha256:…``."""
        return self.containers[0].image if self.containers else ""


@dataclass(frozen=True, slots=True)
class Environment:
    """A named running instance of one release."""

    ownership: Ownership
    state: State
    services: tuple[ServiceStatus, ...]
    """Sorted by name."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.ownership.environment

    @property
    def role(self) -> Role:
        """Its role."""
        return self.ownership.role

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return self.ownership.created_at

    @property
    def expires_at(self) -> datetime | None:
        """When it expires; ``None`` for never."""
        return self.ownership.expires_at

    @property
    def urls(self) -> tuple[str, ...]:
        """Of all its services."""
        return tuple(url for service in self.services for url in service.urls)

    @property
    def url(self) -> str | None:
        """The one that a person would open first: a service called like a front end, else the first there is."""
        by_service = {service.name: service.urls[0] for service in self.services if service.urls}
        for name in FRONT_END_NAMES:
            if name in by_service:
                return by_service[name]
        return next(iter(by_service.values()), None)


FRONT_END_NAMES = ("web", "frontend", "front", "app", "www", "ui", "proxy", "nginx", "caddy")
"""Where ``x-previewer.routes`` does not say it, the service of the first of these names is the front end."""

WEB_PORTS_ARE_PLAIN = "http"
"""The scheme of a URL for a published TCP port: nothing on the engine says whether it speaks TLS."""


def list_environments(observation: Observation) -> tuple[Environment, ...]:
    """The environments in ``observation``, sorted by name. Of several generations the newest counts."""
    by_name = sorted(observation.owners, key=lambda owner: owner.environment)
    found = []
    for name, owners in groupby(by_name, key=lambda owner: owner.environment):
        newest = max(owners, key=lambda owner: owner.generation)
        found.append(_environment(newest, observation.of(name)))
    return tuple(found)


def container_state(container: ObservedContainer) -> State:
    """What one container's engine state and health mean."""
    if container.state in (ContainerState.EXITED, ContainerState.DEAD):
        if container.exit_code == 0:
            return State.DONE
        return State.FAILED
    if container.state is ContainerState.RUNNING:
        return {
            Health.NONE: State.RUNNING,
            Health.STARTING: State.STARTING,
            Health.HEALTHY: State.HEALTHY,
            Health.UNHEALTHY: State.UNHEALTHY,
        }[container.health]
    if container.state is ContainerState.RESTARTING:
        return State.UNHEALTHY
    if container.state is ContainerState.CREATED:
        return State.STARTING
    return State.STOPPED


def worst(states: Iterable[State]) -> State:
    """The worst of ``states``; of none it is ``FAILED``: an environment without services is no environment."""
    return max(states, key=_SEVERITY.__getitem__, default=State.FAILED)


def container_urls(container: ObservedContainer) -> tuple[str, ...]:
    """The URLs of a container's published TCP ports, IPv4 before IPv6, each host port once."""
    tcp = [port for port in container.ports if port.protocol == "tcp" and port.host_port]
    hosts = {port.host_port: port.host_ip for port in sorted(tcp, key=lambda port: ":" not in port.host_ip)}
    return tuple(f"{WEB_PORTS_ARE_PLAIN}://{_host(ip)}:{number}" for number, ip in sorted(hosts.items()))


def _host(address: str) -> str:
    if address in ("", "0.0.0.0", "::"):  # noqa: S104 - read from the engine, never bound to
        return "127.0.0.1"
    return f"[{address}]" if ":" in address else address


def _environment(ownership: Ownership, observation: Observation) -> Environment:
    generation = [c for c in observation.containers if c.ownership.generation == ownership.generation]
    generation.sort(key=lambda container: (container.service, container.number))
    services = []
    for name, members in groupby(generation, key=lambda container: container.service):
        containers = tuple(members)
        services.append(
            ServiceStatus(
                name=name,
                state=worst(container_state(container) for container in containers),
                containers=containers,
                urls=tuple(url for container in containers for url in container_urls(container)),
            )
        )
    return Environment(ownership=ownership, state=worst(s.state for s in services), services=tuple(services))
