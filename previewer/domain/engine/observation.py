"""What an engine was seen to hold: one snapshot of containers, networks and volumes that are ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain import labels
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.service import NEVER
from previewer.domain.engine.nodes import EngineNodes
from previewer.domain.labels import NamedRoute, Ownership, RankedPort
from previewer.domain.units import counted


class ContainerState(Enum):
    """The engine's word for what a container is doing."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Health(Enum):
    """The engine's verdict of a container's health check."""

    NONE = "none"
    """It has no health check."""
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class PublishedPort(Struct, frozen=True):
    """A container's port and the host address it is reachable at."""

    target: int
    protocol: str
    host_ip: str
    host_port: int


class ObservedContainer(Struct, frozen=True):
    """One of our containers."""

    id: str
    name: str
    number: int
    """Among its service's containers, from 1."""
    image: str
    """``sha256:…``, as the engine reports it."""
    state: ContainerState
    health: Health
    exit_code: int | None
    """``None`` unless it has ended."""
    created_at: datetime
    ports: tuple[PublishedPort, ...]
    ownership: Ownership
    routes: tuple[RankedPort, ...] | None = None
    """Which of its ports get a URL; ``None`` where its labels do not say it: then every one does."""
    memory: int = 0
    """Its memory limit in bytes; 0 for none."""

    is_one_off: bool = False
    """Whether it is no part of a service: a debug copy of one, or what fills a volume."""
    networks: tuple[str, ...] = ()
    """The names of all networks that it joins when it runs, whatever they belong to."""
    volumes: tuple[str, ...] = ()
    """The names of all volumes that it mounts, whatever they belong to."""
    names: tuple[NamedRoute, ...] = ()
    """The URLs that a router gives to its ports."""
    router: str = ""
    """The router that knows them."""
    node: str = ""
    """The name of the node that it is on; empty where the engine is a single one."""
    left_on: tuple[str, ...] = ()
    """The names of nodes that do not answer and may still run it: there it ends when they are back."""

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return self.ownership.service or ""


class ListeningPorts(Struct, frozen=True):
    """Which TCP ports of a running container accept connections, of those that were asked about."""

    accepting: frozenset[int]
    inside_only: frozenset[int] = frozenset()
    """Ports that only the container itself reaches: what listens there is bound to its loopback address."""
    others: frozenset[int] = frozenset()
    """Ports that were not asked about and that something listens on, where the engine can tell."""
    is_refused: bool = False
    """Whether a connection that the container began was refused, or is not answered yet."""


class OpenConnections(Struct, frozen=True):
    """The connections of clients to some ports of a container."""

    count: int | None
    """``None`` where that cannot be told from here."""
    grace: int | None = None
    """Seconds that its definition gives it to end; ``None`` where it says nothing."""


class ContainerDetail(Struct, frozen=True):
    """What is asked of a single container, to wait for it or to say why it failed."""

    state: ContainerState
    health: Health
    exit_code: int | None
    """``None`` unless it has ended, or is to be started again."""
    out_of_memory: bool
    error: str
    """What the engine says of its start; empty if nothing went wrong."""
    health_log: tuple[str, ...]
    """The last outputs of its health check, oldest first, one a run, with the exit code in front."""
    ports: tuple[PublishedPort, ...] = ()
    """The host ports that it holds at this moment."""
    memory: int = 0
    """Its memory limit in bytes; 0 for none."""
    pids: int = 0
    """Its limit of processes; 0 for none."""
    restarts: int = 0
    """How often the engine has started it again after it had ended by itself."""
    restart_policy: str = NEVER
    """The current restart policy, as Compose spells it: ``on-failure:3``."""


class ObservedNetwork(Struct, frozen=True):
    """One of our networks."""

    id: str
    name: str
    key: str
    """What the definition calls it."""
    ownership: Ownership
    binding: str = ""
    """The host address at which it publishes its containers' ports; empty where each port says its own."""


class ObservedVolume(Struct, frozen=True):
    """One of our volumes."""

    name: str
    key: str
    """What the definition calls it; empty for one that only takes what is written to a clone."""
    ownership: Ownership
    layers: tuple[str, ...] = ()
    """The layers that it shows, topmost first; empty for a plain volume."""
    outlives: bool = False
    """Whether its data outlives the generation: a successor goes on with it."""
    snapshot: str = ""
    """The id of the snapshot that its data goes back to; empty for none."""
    origin: str = ""
    """What it began with, for people."""


def told_data(key: str, origin: str, snapshot: str, age: timedelta | None = None) -> str:
    """What a volume's data is, for people: ``db-data: seed db (3f2a91c4b0de, 3 days old)``; ``age`` is the
    snapshot's."""
    days = "" if age is None else f", {counted(age.days, 'day') if age.days > 0 else 'less than a day'} old"
    return f"{key}: {origin or 'its own'}{f' ({short_id(snapshot)}{days})' if snapshot else ''}"


def observed_volume(name: str, said: Mapping[str, str], ownership: Ownership) -> ObservedVolume:
    """A volume with the labels ``said``."""
    return ObservedVolume(
        name=name,
        key=said.get(labels.COMPOSE_VOLUME, ""),
        ownership=ownership,
        layers=tuple(said.get(labels.LAYERS, "").split()),
        outlives=said.get(labels.LIFETIME) == labels.OUTLIVES,
        snapshot=said.get(labels.SNAPSHOT, ""),
        origin=said.get(labels.ORIGIN, ""),
    )


class Observation(Struct, frozen=True):
    """One snapshot. It costs the engine a constant number of calls, however many environments there are."""

    containers: tuple[ObservedContainer, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    volumes: tuple[ObservedVolume, ...] = ()
    machine: str = ""
    """The name of the engine's machine where that is another one; empty where its ports are reached at this one's
    addresses, by a tunnel perhaps."""
    reached_as: str = ""
    """The host name that published ports are reached at from here, where the user says it."""
    nodes: EngineNodes | None = None
    """Where ports are, where the engine is several machines."""
    engine_ahead: int = 0
    """Seconds by which the engine's clock is ahead of ours."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of ours is there."""
        return not (self.containers or self.networks or self.volumes)

    @property
    def owners(self) -> tuple[Ownership, ...]:
        """The ownership of every object, in no particular order."""
        return (
            *(container.ownership for container in self.containers),
            *(network.ownership for network in self.networks),
            *(volume.ownership for volume in self.volumes),
        )

    def of(self, *environments: str) -> Observation:
        """The part that belongs to these environments."""
        return self._part(lambda owner: owner.environment in environments)

    def of_installation(self, installation: str) -> Observation:
        """The part that belongs to one repository."""
        return self._part(lambda owner: owner.installation == installation)

    def but(self, other: Observation) -> Observation:
        """The part that ``other`` has not."""
        return replace(
            self,
            containers=tuple(c for c in self.containers if c not in other.containers),
            networks=tuple(n for n in self.networks if n not in other.networks),
            volumes=tuple(v for v in self.volumes if v not in other.volumes),
        )

    def but_containers(self, names: Collection[str]) -> Observation:
        """The part without the containers of these names."""
        return replace(self, containers=tuple(c for c in self.containers if c.name not in names))

    def once_stopped(self, names: Collection[str]) -> Observation:
        """As it is once the containers of these names have been stopped."""
        ended = {c.name: replace(c, state=ContainerState.EXITED) for c in self.containers if c.name in names}
        return replace(self, containers=tuple(ended.get(c.name, c) for c in self.containers))

    def of_generation(self, *generations: int) -> Observation:
        """The part that belongs to these generations."""
        return self._part(lambda owner: owner.generation in generations)

    def but_generations(self, *generations: int) -> Observation:
        """The part that belongs to no one of these generations."""
        return self._part(lambda owner: owner.generation not in generations)

    def _part(self, belongs: Callable[[Ownership], bool]) -> Observation:
        return replace(
            self,
            containers=tuple(c for c in self.containers if belongs(c.ownership)),
            networks=tuple(n for n in self.networks if belongs(n.ownership)),
            volumes=tuple(v for v in self.volumes if belongs(v.ownership)),
        )
