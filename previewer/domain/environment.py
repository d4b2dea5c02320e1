"""An environment as observed: its services, their state, and the URLs they answer on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from itertools import groupby
from operator import itemgetter

from previewer.domain.definition import Role
from previewer.domain.labels import Ownership
from previewer.domain.notes import NOTHING_NOTED, EnvironmentNotes, Notes
from previewer.domain.observation import ContainerState, Health, Observation, ObservedContainer
from previewer.domain.rehearsal import is_rehearsing
from previewer.domain.routes import front_end_rank, url_of
from previewer.frozen import dataclass


class State(Enum):
    """How a service, or an environment as a whole, is doing. Declared from best to worst."""

    DONE = "done"
    """A one-shot job that ended with 0; an environment only of such."""
    HEALTHY = "healthy"
    RUNNING = "running"
    """It runs and has no health check."""
    STARTING = "starting"
    ASLEEP = "asleep"
    """Stopped on purpose, to be woken again; only an environment as a whole."""
    STOPPED = "stopped"
    UNHEALTHY = "unhealthy"
    FAILED = "failed"
    """It ended with another code than 0, or nothing of it is left but networks or volumes."""


SERVING = frozenset({State.HEALTHY, State.RUNNING, State.DONE})
"""The states in which an environment does what it is there for."""
UNROUTED = sys.maxsize
"""The place of a URL that is none of those that ``x-previewer.routes`` names."""

_SEVERITY = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service of an environment."""

    name: str
    state: State
    containers: tuple[ObservedContainer, ...]
    """Sorted by number."""
    urls: tuple[str, ...]
    """Of every published TCP port; those that ``x-previewer.routes`` names first, in its order."""
    routed: tuple[tuple[int, str], ...] = ()
    """The places and URLs of those that the environment's list of URLs has; 0 is the main one."""

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
    notes: EnvironmentNotes = NOTHING_NOTED
    """What the ledger says of this generation."""

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
        """When it expires: as the ledger says, else its labels; ``None`` for never."""
        if self.notes.pinned:
            return None
        return self.notes.expires_at or self.ownership.expires_at

    @property
    def is_tainted(self) -> bool:
        """Whether somebody touched it."""
        return bool(self.notes.tainted)

    @property
    def urls(self) -> tuple[str, ...]:
        """Of all its services, the main one first: what ``x-previewer.routes`` names, else all published ports."""
        ranked = sorted((rank for service in self.services for rank in service.routed), key=itemgetter(0))
        return tuple(url for _rank, url in ranked)

    @property
    def url(self) -> str | None:
        """The one that a person would open first."""
        return next(iter(self.urls), None)


def list_environments(observation: Observation, notes: Notes | None = None) -> tuple[Environment, ...]:
    """The environments in ``observation``, sorted by name.

    Of several generations that ``notes`` do not call kept the one that they call live counts until a newer one has
    its place, and where they say nothing the newest; where all are kept, the newest of those.
    """
    by_name = sorted(observation.owners, key=lambda owner: owner.environment)
    found = []
    for name, owners in groupby(by_name, key=lambda owner: owner.environment):
        said = (notes or {}).get(name, NOTHING_NOTED)
        generations = {owner.generation: owner for owner in owners}
        candidates = [number for number in generations if number not in said.kept] or list(generations)
        seen = {
            number: _environment(generations[number], observation.of(name), said.of_generation(number))
            for number in {max(candidates), said.generation} & set(candidates)
        }
        found.append(_live(seen, said.generation))
    return tuple(found)


def _live(seen: Mapping[int, Environment], noted: int) -> Environment:
    """The newest, unless another one is noted and serves still, or the newest has not come so far."""
    newest, before = seen[max(seen)], seen.get(noted)
    if before is None or before is newest:
        return newest
    containers = [container for service in newest.services for container in service.containers]
    has_taken_over = newest.state in SERVING and not any(is_rehearsing(container) for container in containers)
    serves_still = before.state in SERVING or before.state is State.ASLEEP
    return newest if has_taken_over and not serves_still else before


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


def _ranked_urls(container: ObservedContainer) -> list[tuple[int, str]]:
    """The URL of each published TCP port with its place: by that, then by host port.

    A host port that is published on IPv4 and IPv6 has one, with the IPv4 address.
    """
    if container.routes is None:
        ranks, otherwise = {}, front_end_rank(container.service)
    else:
        ranks, otherwise = {route.port: route.rank for route in reversed(container.routes)}, UNROUTED
    tcp = [port for port in container.ports if port.protocol == "tcp" and port.host_port]
    by_number = {port.host_port: port for port in sorted(tcp, key=lambda port: ":" not in port.host_ip)}
    found = [
        (ranks.get(port.target, otherwise), url_of(port.host_ip, number))
        for number, port in sorted(by_number.items())
    ]
    return sorted(found, key=itemgetter(0))


def _environment(ownership: Ownership, observation: Observation, notes: EnvironmentNotes) -> Environment:
    generation = [
        c for c in observation.containers if c.ownership.generation == ownership.generation and not c.is_one_off
    ]
    generation.sort(key=lambda container: (container.service, container.number))
    services = [_service(name, tuple(found)) for name, found in groupby(generation, key=lambda c: c.service)]
    state = worst(s.state for s in services)
    if notes.asleep_since is not None and not any(c.state is ContainerState.RUNNING for c in generation):
        state = State.ASLEEP
        services = [_asleep(service, notes) for service in services]
    return Environment(ownership=ownership, state=state, services=tuple(services), notes=notes)


def _asleep(service: ServiceStatus, notes: EnvironmentNotes) -> ServiceStatus:
    """A service that was stopped on purpose did not fail, whatever it ended with."""
    was_stopped = any(container.name in notes.stopped for container in service.containers)
    return replace(service, state=State.STOPPED) if was_stopped else service


def _service(name: str, containers: tuple[ObservedContainer, ...]) -> ServiceStatus:
    ranked = [found for container in containers for found in _ranked_urls(container)]
    return ServiceStatus(
        name=name,
        state=worst(container_state(container) for container in containers),
        containers=containers,
        urls=tuple(url for _rank, url in ranked),
        routed=tuple((rank, url) for rank, url in ranked if rank != UNROUTED),
    )
