"""An environment as observed: its services, their state and URLs; and all of them beside the branches they run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.revision import Branch, Commit
from previewer.domain.compose.definition import Role
from previewer.domain.compose.routes import OTHER_PROTOCOLS, reachable_address, url_of
from previewer.domain.deploy.takeover import is_on_standby
from previewer.domain.engine.observation import (
    ContainerState,
    Health,
    Observation,
    ObservedContainer,
    ObservedVolume,
)
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import NOTHING_NOTED, EnvironmentNotes, FailedAttempt, Notes


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


class PortUrl(Struct, frozen=True):
    """Where a published TCP port of a container answers."""

    url: str
    port: int
    """The port in the container."""
    rank: int
    """Its place among the environment's URLs, 0 for the main one; ``UNROUTED`` for none."""
    address: str = ""
    """The URL with its host port; empty while it has none that is reached from here."""

    @property
    def reached(self) -> str:
        """For programs: by its address, while it has one. Not all of them resolve names below ``localhost``."""
        return self.address or self.url


class ServiceStatus(Struct, frozen=True):
    """One service of an environment."""

    name: str
    state: State
    containers: tuple[ObservedContainer, ...]
    """Sorted by number."""
    ports: tuple[PortUrl, ...]
    """Every published TCP port that is reached from here, by rank."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The URL of each of its ports."""
        return tuple(port.url for port in self.ports)

    @property
    def image(self) -> str:
        """The image that it runs, ``sha256:…``."""
        return self.containers[0].image if self.containers else ""


class Environment(Struct, frozen=True):
    """A named running instance of one release."""

    ownership: Ownership
    state: State
    services: tuple[ServiceStatus, ...]
    """Services, sorted by name."""
    notes: EnvironmentNotes = NOTHING_NOTED
    """What the ledger says of this generation."""
    machine: str = ""
    """The name of the engine's machine where that is another one; see :class:`Observation`."""
    data: tuple[ObservedVolume, ...] = ()
    """The volumes that began with data or whose data outlives the generation, by key."""
    clock_change: timedelta = timedelta()
    """What brings the labels' times, which are of the clock of the machine that made it, onto our clock."""

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
        """When it was made, on our clock."""
        return self.ownership.created_at + self.clock_change

    @property
    def expires_at(self) -> datetime | None:
        """When it expires, on our clock: as the ledger says, else its labels; ``None`` for never."""
        if self.notes.pinned:
            return None
        at = self.notes.expires_at or self.ownership.expires_at
        return at and at + self.clock_change

    @property
    def is_tainted(self) -> bool:
        """Whether it was changed by hand."""
        return bool(self.notes.tainted)

    @property
    def urls(self) -> tuple[str, ...]:
        """Of all its services, the main one first: what ``x-previewer.routes`` names, else all published ports."""
        return tuple(port.url for port in self.ports)

    @property
    def ports(self) -> tuple[PortUrl, ...]:
        """The ports behind :attr:`urls`."""
        found = (port for service in self.services for port in service.ports if port.rank != UNROUTED)
        return tuple(sorted(found, key=attrgetter("rank")))

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
    environments = []
    for name, owners in groupby(by_name, key=lambda owner: owner.environment):
        own_notes = (notes or {}).get(name, NOTHING_NOTED)
        generations = {owner.generation: owner for owner in owners}
        candidates = [number for number in generations if number not in own_notes.kept] or list(generations)
        seen = {
            number: _environment(generations[number], observation.of(name), own_notes.of_generation(number))
            for number in {max(candidates), own_notes.generation} & set(candidates)
        }
        environments.append(_live(seen, own_notes.generation))
    return tuple(environments)


def _live(seen: Mapping[int, Environment], noted: int) -> Environment:
    """The newest, unless another one is noted and serves still, or the newest has not come so far."""
    newest, before = seen[max(seen)], seen.get(noted)
    if before is None or before is newest:
        return newest
    containers = [container for service in newest.services for container in service.containers]
    has_taken_over = newest.state in SERVING and not any(is_on_standby(container) for container in containers)
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


def _port_urls(container: ObservedContainer, seen: Observation) -> Iterator[PortUrl]:
    """The URL of each published TCP port, by host port: by the name that a router gives it, else by its address.

    A host port that is published on IPv4 and IPv6 has one, with the IPv4 address. Names are a service's first
    container's, and stay while it is stopped.
    """
    names = {name.port: name.url for name in reversed(container.names)} if container.number == 1 else {}
    ranks = {route.port: route.rank for route in reversed(container.routes or ())}
    tcp = [port for port in container.ports if port.protocol == "tcp" and port.host_port]
    by_number = {port.host_port: port for port in sorted(tcp, key=lambda port: ":" not in port.host_ip)}
    for number, port in sorted(by_number.items()):
        address = reachable_address(port.host_ip, seen.machine or None, seen.reached_as)
        if address is not None:
            # Containers of early versions do not say their routes: then all ports are.
            otherwise = UNROUTED if container.routes is not None else int(port.target in OTHER_PROTOCOLS)
            url = url_of(address, number, target=port.target)
            rank = ranks.get(port.target, otherwise)
            yield PortUrl(names.pop(port.target, url), port.target, rank, address=url)
    for target, url in names.items():
        yield PortUrl(url, target, ranks.get(target, UNROUTED))


def _environment(ownership: Ownership, observation: Observation, notes: EnvironmentNotes) -> Environment:
    generation = [
        c for c in observation.containers if c.ownership.generation == ownership.generation and not c.is_one_off
    ]
    generation.sort(key=lambda container: (container.service, container.number))
    services = [
        _service(name, tuple(containers), observation)
        for name, containers in groupby(generation, key=lambda c: c.service)
    ]
    state = worst(s.state for s in services)
    if notes.asleep_since is not None and not any(c.state is ContainerState.RUNNING for c in generation):
        state = State.ASLEEP
        services = [_asleep(service, notes) for service in services]
    volumes = observation.of_generation(ownership.generation).volumes
    return Environment(
        ownership=ownership,
        state=state,
        services=tuple(services),
        notes=notes,
        machine=observation.machine,
        data=tuple(sorted((v for v in volumes if v.key and v.layers), key=attrgetter("key"))),
        clock_change=timedelta(seconds=ownership.engine_ahead - observation.engine_ahead),
    )


def _asleep(service: ServiceStatus, notes: EnvironmentNotes) -> ServiceStatus:
    """A service that was stopped on purpose did not fail, whatever it ended with."""
    was_stopped = any(container.name in notes.stopped for container in service.containers)
    return replace(service, state=State.STOPPED) if was_stopped else service


def _service(name: str, containers: tuple[ObservedContainer, ...], seen: Observation) -> ServiceStatus:
    ports = [port for container in containers for port in _port_urls(container, seen)]
    return ServiceStatus(
        name=name,
        state=worst(container_state(container) for container in containers),
        containers=containers,
        ports=tuple(sorted(ports, key=attrgetter("rank"))),
    )


class OverviewRow(Struct, frozen=True):
    """A branch with one of its environments; at least one of the two is there."""

    branch: Branch | None
    environment: Environment | None
    commit: Commit | None = None
    """What the environment of no branch runs, as far as it is known."""
    attempt: FailedAttempt | None = None
    """The last attempt to bring the branch up, where it failed and nothing of it runs."""

    @property
    def failure(self) -> FailedAttempt | None:
        """The last attempt to bring it up, or to update what runs, where that failed."""
        return self.environment.notes.failed if self.environment is not None else self.attempt

    @property
    def is_behind(self) -> bool:
        """Whether the environment runs an older commit than its branch's tip."""
        if self.branch is None or self.environment is None:
            return False
        return self.environment.ownership.commit != self.branch.commit


def overview(
    branches: Iterable[Branch], environments: Iterable[Environment], commits: Mapping[str, Commit] | None = None
) -> tuple[OverviewRow, ...]:
    """Join by branch name. Branches keep their order; one with several environments has several rows.

    A remote branch has the environments of its name that no local branch has: of several remotes', the one whose
    tip they run, else the first. Environments of a tag, a bare commit or a branch that is not among ``branches``
    come last, with what ``commits`` (by full id) knows of theirs.
    """
    listed = tuple(branches)
    theirs: dict[str, list[Environment]] = {}
    orphans: list[Environment] = []
    for environment in environments:
        branch = branch_of(environment, listed)
        (theirs.setdefault(branch.name, []) if branch is not None else orphans).append(environment)
    joined = [OverviewRow(branch, one) for branch in listed for one in theirs.get(branch.name) or (None,)]
    orphans.sort(key=lambda environment: environment.name)
    known = commits or {}
    return (*joined, *(OverviewRow(None, one, known.get(one.ownership.commit)) for one in orphans))


def without_remote_doubles(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """The branches without the remote ones that are here under their own name."""
    listed = tuple(branches)
    local = {branch.name for branch in listed if not branch.is_remote}
    return tuple(branch for branch in listed if branch.remote_name not in local)


def branch_of(environment: Environment, branches: Sequence[Branch]) -> Branch | None:
    """The branch whose row the environment is in, if it is among ``branches``."""
    name, commit = environment.ownership.branch, environment.ownership.commit
    fitting = [branch for branch in branches if name is not None and name in (branch.name, branch.remote_name)]
    fitting.sort(key=lambda branch: (branch.is_remote, branch.commit != commit))
    return next(iter(fitting), None)
