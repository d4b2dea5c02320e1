"""Containers of the engine in memory, and their host ports."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.domain.compose.routes import EVERY_ADDRESS
from previewer.domain.compose.service import NEVER, PortMapping
from previewer.domain.engine.observation import (
    ContainerDetail,
    ContainerState,
    Health,
    ListeningPorts,
    ObservedContainer,
    ObservedNetwork,
    PublishedPort,
)
from previewer.domain.engine.specs import HOST_BINDING_OPTION, ContainerSpec, NetworkSpec, VolumeSpec
from previewer.domain.labels import (
    COMPOSE_NETWORK,
    COMPOSE_NUMBER,
    COMPOSE_ONEOFF,
    INSTALLATION,
    LAYERS,
    ROUTER,
    Ownership,
    read_memory,
    read_names,
    read_ownership,
    read_routes,
)
from previewer.engine.mapping.mounts import copied_files
from previewer.engine.mapping.networks import volume_body
from previewer.engine.protocol import LogLine, LogOptions, Selection
from previewer.errors import ConflictError, EngineError, PortTakenError


class Behaviour(Struct, frozen=True):
    """What the containers of a service do once they are started."""

    health: Health | None = None
    """The verdict of the health check. By default healthy where the definition has a check, else none."""
    exit_code: int | None = None
    """What it ends with; ``None`` for one that goes on running."""
    out_of_memory: bool = False
    """Whether the engine killed it for its memory."""
    fail_start: EngineError | None = None
    """Raised instead of starting."""
    lines: tuple[str, ...] = ()
    """What it writes to its output at every start."""
    error_lines: tuple[str, ...] = ()
    """What it then writes to its error output."""
    prints: tuple[str, ...] = ()
    """Paths of configs and secrets: it writes mode and owner of each to its output, and then what it contains."""
    accepting: frozenset[int] | None = None
    """The ports on which it accepts connections; ``None`` for all that it is asked about."""
    is_refused: bool = False
    """Whether a connection that it began was refused."""
    looks: int = 0
    """How often it is inspected before its health is decided or it ends; by default it happens at once."""

    def listening(self, ports: Collection[int]) -> ListeningPorts:
        """Which of ``ports`` accept connections."""
        known = frozenset(ports) if self.accepting is None else self.accepting
        return ListeningPorts(
            known.intersection(ports), others=known.difference(ports), is_refused=self.is_refused
        )


class MemoryContainer(Struct):
    """A container's state."""

    spec: ContainerSpec
    ownership: Ownership | None
    """``None`` for one that is not ours."""
    behaviour: Behaviour
    id: str
    number: int
    created_at: datetime
    state: ContainerState = ContainerState.CREATED
    health: Health = Health.NONE
    exit_code: int = 0
    looks_left: int = 0
    is_settled: bool = True
    """Whether what its behaviour says has come true since its last start."""
    ports: tuple[PublishedPort, ...] = ()
    networks: list[str] = field(default_factory=list)
    """Networks that it is connected to; the first is its way out."""
    lines: list[LogLine] = field(default_factory=list)
    health_log: list[str] = field(default_factory=list)
    restarts_suspended: bool = False
    """Whether it has no restart policy, because it was stopped to be kept."""

    @classmethod
    def make(cls, spec: ContainerSpec, behaviour: Behaviour, *, calls: int, at: datetime) -> MemoryContainer:
        """One that was made ``at`` a time, after so many calls, not started."""
        number = spec.labels.get(COMPOSE_NUMBER, "1")
        return cls(
            spec=spec,
            ownership=read_ownership(spec.labels),
            behaviour=behaviour,
            id=identifier(f"{spec.name}/{calls}"),
            number=int(number) if number.isdecimal() else 1,
            created_at=at.replace(microsecond=0),
            networks=list(spec.networks.values()),
        )

    @property
    def final_health(self) -> Health:
        """The verdict that its health check will come to."""
        if self.behaviour.health is not None:
            return self.behaviour.health
        has_check = self.spec.declared.has_healthcheck
        return Health.HEALTHY if has_check else Health.NONE

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self.state is ContainerState.RUNNING

    @property
    def has_ended(self) -> bool:
        """Whether it ran and ended."""
        return self.state is ContainerState.EXITED

    def begin(self, ports: tuple[PublishedPort, ...]) -> None:
        """Run, its fate still open."""
        self.state, self.ports = ContainerState.RUNNING, ports
        self.health = Health.NONE if self.final_health is Health.NONE else Health.STARTING
        self.looks_left, self.is_settled = self.behaviour.looks, False

    def printed(self) -> Iterator[str]:
        """What its behaviour prints of the configs and secrets that it was given; nothing of others."""
        files = {file.path: file for file in copied_files(self.spec)}
        for file in (files[path] for path in self.behaviour.prints if path in files):
            yield f"{file.mode:o} {file.uid}:{file.gid}"
            yield from file.content.decode().splitlines()

    def pause(self) -> Iterator[str]:
        """Stand still until it is started; the events that this makes."""
        if self.is_running:
            self.state = ContainerState.PAUSED
            yield "pause"

    def go_on(self) -> Iterator[str]:
        """Run on from where it was paused; the events that this makes."""
        self.state = ContainerState.RUNNING
        yield "unpause"

    def settle(self) -> Iterator[str]:
        """Let come true what its behaviour says; the events that this makes."""
        self.is_settled = True
        if self.final_health is not Health.NONE:
            self.health = self.final_health
            self.health_log.append("0: ok" if self.health is Health.HEALTHY else "1: the check failed")
            yield "health_status"
        if self.behaviour.exit_code is not None:
            yield from self.end(self.behaviour.exit_code)

    def end(self, exit_code: int) -> Iterator[str]:
        """End with ``exit_code``; the events that this makes."""
        self.state, self.health, self.ports = ContainerState.EXITED, Health.NONE, ()
        self.exit_code, self.is_settled = exit_code, True
        if self.behaviour.out_of_memory:
            yield "oom"
        yield "die"

    def observed(self, ownership: Ownership) -> ObservedContainer:
        """As an observation shows it."""
        return ObservedContainer(
            id=self.id,
            name=self.spec.name,
            number=self.number,
            image=self.spec.image,
            state=self.state,
            health=self.health,
            exit_code=self.exit_code if self.has_ended else None,
            created_at=self.created_at,
            ports=self.ports,
            ownership=ownership,
            routes=read_routes(self.spec.labels),
            names=read_names(self.spec.labels),
            router=self.spec.labels.get(ROUTER, ""),
            memory=read_memory(self.spec.labels),
            is_one_off=self.spec.labels.get(COMPOSE_ONEOFF) == "True",
            networks=tuple(self.networks),
            volumes=mounted_volumes(self.spec),
        )

    def detail(self) -> ContainerDetail:
        """As an inspection shows it."""
        return ContainerDetail(
            state=self.state,
            health=self.health,
            exit_code=self.exit_code if self.has_ended else None,
            out_of_memory=self.has_ended and self.behaviour.out_of_memory,
            error="",
            health_log=tuple(self.health_log),
            ports=self.ports,
            restart_policy=NEVER if self.restarts_suspended else self.spec.declared.restart or NEVER,
        )


def mounted_volumes(spec: ContainerSpec) -> tuple[str, ...]:
    """The engine's names of the volumes that a container mounts."""
    return tuple(spec.volumes[mount.source] for mount in spec.declared.volumes if mount.source in spec.volumes)


FIRST_PORT = 40_000
LAST_PORT = 65_535


class MemoryPorts:
    """Which host ports are taken, and by what."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[PublishedPort, ...]] = {}
        """Ports by container."""

    def take(self, spec: ContainerSpec, address: str) -> tuple[PublishedPort, ...]:
        """Ports for a container, instead of those that it has; ``address`` is where ports go that name none.

        Raises :class:`PortTakenError` and changes nothing if one is taken.
        """
        found: list[PublishedPort] = []
        for wanted in spec.declared.ports:
            at = wanted.host_ip or address
            number = self._choose(wanted, at, spec.name, found)
            found.append(PublishedPort(wanted.target, wanted.protocol, at, number))
        found.sort(key=lambda port: (port.target, port.protocol, port.host_ip, port.host_port))
        self._taken[spec.name] = tuple(found)
        return tuple(found)

    def release(self, container: str) -> None:
        """Give back what a container has."""
        self._taken.pop(container, None)

    def _choose(self, wanted: PortMapping, address: str, container: str, found: list[PublishedPort]) -> int:
        others = [port for holder, ports in self._taken.items() if holder != container for port in ports]
        taken = [port for port in (*others, *found) if port.protocol == wanted.protocol]
        for number in _candidates(wanted.published):
            if not any(port.host_port == number and _meet(port.host_ip, address) for port in taken):
                return number
        raise PortTakenError(
            f"could not start it: port {wanted.published or 'any'} is already allocated",
            where=f"container {container}",
            hint="stop what uses that host port, or publish the port without naming a host port",
        )


def _meet(one: str, other: str) -> bool:
    return one == other or bool({one, other} & set(EVERY_ADDRESS))


def _candidates(published: str) -> Iterator[int]:
    if not published or published == "0":
        yield from range(FIRST_PORT, LAST_PORT + 1)
        return
    first, _, last = published.partition("-")
    yield from range(int(first), int(last or first) + 1)


START_OF_TIME = datetime(2026, 1, 1, tzinfo=UTC)
API_VERSION = (1, 51)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what engines report, nothing is bound
KILLED = 137
ENDED_BY_REQUEST = 143


def is_meant(selection: Selection, owner: Ownership) -> bool:
    """Whether a selection means what is owned so."""
    pairs = (
        (selection.installation, owner.installation),
        (selection.environment, owner.environment),
        (selection.operation, owner.operation),
    )
    return all(wanted is None or wanted == actual for wanted, actual in pairs)


def chosen(selection: Selection, owners: Mapping[str, Ownership | None]) -> list[tuple[str, Ownership]]:
    """Those that a selection means, with their owners, by name."""
    return [(name, o) for name, o in sorted(owners.items()) if o is not None and is_meant(selection, o)]


def owners_of(specs: Mapping[str, NetworkSpec] | Mapping[str, VolumeSpec]) -> dict[str, Ownership | None]:
    """Whose networks or volumes are; ``None`` where they are foreign."""
    return {name: read_ownership(spec.labels) for name, spec in specs.items()}


def observed_network(spec: NetworkSpec, owner: Ownership) -> ObservedNetwork:
    """A network as an observation shows it."""
    key = spec.labels.get(COMPOSE_NETWORK, "")
    return ObservedNetwork(identifier(spec.name), spec.name, key, owner, binding=host_binding(spec))


def made_volumes(spec: VolumeSpec, existing: Mapping[str, object]) -> tuple[VolumeSpec, ...]:
    """The volumes that making one comes to: a clone has one besides that takes what is written."""
    for name in (spec.name, *([spec.clone.own] if spec.clone else [])):
        refuse_taken("volume", name, existing)
    volume_body(spec)
    if (clone := spec.clone) is None:
        return (spec,)
    is_overlaid = bool(clone.layers) and not clone.copies
    shown = {**spec.labels, LAYERS: " ".join(clone.shown_layers(is_overlaid=is_overlaid))}
    return (VolumeSpec(clone.own, clone.own_labels, {}), replace(spec, labels=shown, clone=None))


def labels_of_installation(volumes: Mapping[str, VolumeSpec], installation: str) -> dict[str, Mapping[str, str]]:
    """The labels of one repository's volumes, by their names."""
    found = {name: volumes[name].labels for name in sorted(volumes)}
    return {name: said for name, said in found.items() if said.get(INSTALLATION) == installation}


def identifier(text: str) -> str:
    """Something like an engine's id, always the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def refuse_taken(kind: str, name: str, existing: Mapping[str, object]) -> None:
    """Raise :class:`ConflictError` for a name that exists."""
    if name in existing:
        raise ConflictError(f"could not create it: the name {name} is already in use", where=f"{kind} {name}")


def part_of(lines: Sequence[LogLine], options: LogOptions) -> Sequence[LogLine]:
    """The lines that the options ask for."""
    since = options.since
    kept = [line for line in lines if since is None or line.at is None or line.at >= since]
    return kept if options.tail is None else kept[max(0, len(kept) - options.tail) :]


def host_binding(network: NetworkSpec | None) -> str:
    """The host address that a network binds ports to; empty where each port says its own."""
    return network.declared.driver_opts.get(HOST_BINDING_OPTION, "") if network is not None else ""
