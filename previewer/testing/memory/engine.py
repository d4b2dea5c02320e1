"""An engine in memory: the whole protocol, deterministic, for tests of decisions and screens.

Nothing happens behind a test's back. There are no threads and no timers: a container does what its
:class:`Behaviour` says when it is started, after a number of inspections, or when the test says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network

from previewer.domain.compose.mounted_files import find_owner
from previewer.domain.engine import observation as seen
from previewer.domain.engine.addresses import allocate
from previewer.domain.engine.observation import ContainerDetail, Health, ListeningPorts, Observation
from previewer.domain.engine.specs import ContainerSpec, FillSpec, NetworkSpec, VolumeSpec, volume_of
from previewer.domain.engine.usage import UsageSample
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.networks import network_body
from previewer.engine.protocol import (
    Capabilities,
    ContainerEvent,
    EngineResources,
    LogLine,
    LogOptions,
    Selection,
    Stream,
)
from previewer.errors import ConflictError, EngineError, ObjectNotFoundError
from previewer.testing.memory.container import (
    API_VERSION,
    EVERYWHERE,
    START_OF_TIME,
    Behaviour,
    MemoryContainer,
    MemoryPorts,
    chosen,
    host_binding,
    identifier,
    is_meant,
    labels_of_installation,
    made_volumes,
    mounted_volumes,
    observed_network,
    owners_of,
    part_of,
    refuse_taken,
)
from previewer.testing.memory.stream import MemoryStream


class MemoryEngine:
    """:class:`previewer.engine.protocol.Engine` without an engine."""

    def __init__(
        self,
        *,
        behaviours: Mapping[str, Behaviour] | None = None,
        clock: Callable[[], datetime] = lambda: START_OF_TIME,
        on_call: Callable[[str, str], None] = lambda _method, _name: None,
    ) -> None:
        self.behaviours = dict(behaviours or {})
        """Behaviours by service; a service without one runs, and is healthy if it has a health check."""
        self.calls: list[tuple[str, str]] = []
        """Every call that changes something, as ``("create_network", NAME)``, in order."""
        self.subnets: dict[str, IPv4Network] = {}
        """Subnets by network."""
        self.filled: dict[str, bytes] = {}
        """The archives that volumes were filled with, by volume."""
        self.memory: int | None = None
        """Bytes of memory of its machine; ``None`` for unknown."""
        self.free_disk: int | None = None
        """Free bytes of its disk; ``None`` for unknown."""
        self._clock = clock
        self._on_call = on_call
        """Told of every change before it happens, outside any lock: what it raises is what the call raises."""
        self._lock = threading.RLock()
        self._is_closed = False
        self._containers: dict[str, MemoryContainer] = {}
        self._networks: dict[str, NetworkSpec] = {}
        self._volumes: dict[str, VolumeSpec] = {}
        self._ports = MemoryPorts()
        self._watchers: list[tuple[Selection, MemoryStream[ContainerEvent]]] = []
        self._followers: list[tuple[frozenset[str], MemoryStream[LogLine]]] = []
        self.samples: list[UsageSample] = []

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return Capabilities(name="Memory 1", api_version=API_VERSION, platform="linux/amd64")

    def get_ready(self) -> None:
        """It is."""

    def resources(self) -> EngineResources:
        """Its networks, and what :attr:`memory` and :attr:`free_disk` say."""
        with self._using():
            return EngineResources(tuple(self.subnets.values()), memory=self.memory, free_disk=self.free_disk)

    def clock_ahead(self) -> timedelta:
        """None: it goes by ours."""
        return timedelta()

    def observe(self, selection: Selection) -> Observation:
        """A snapshot, sorted by name."""
        with self._using():
            return Observation(
                containers=tuple(
                    self._containers[name].observed(owner)
                    for name, owner in chosen(selection, {n: c.ownership for n, c in self._containers.items()})
                ),
                networks=tuple(
                    observed_network(self._networks[name], owner)
                    for name, owner in chosen(selection, owners_of(self._networks))
                ),
                volumes=tuple(
                    seen.observed_volume(name, self._volumes[name].labels, owner)
                    for name, owner in chosen(selection, owners_of(self._volumes))
                ),
            )

    def measure_containers(self, selection: Selection) -> Mapping[str, int]:
        """Nothing is ever written."""
        return {container.name: 0 for container in self.observe(selection).containers}

    def measure_volumes(self) -> Mapping[str, int]:
        """As many bytes as the archive that each was filled with."""
        with self._using():
            return {name: len(self.filled.get(name, b"")) for name in self._volumes}

    def create_network(self, spec: NetworkSpec) -> None:
        """Make a network."""
        self._begin("create_network", spec.name)
        with self._using():
            refuse_taken("network", spec.name, self._networks)
            network_body(spec, None, api_version=API_VERSION)
            taken = self.subnets.values()
            self.subnets[spec.name] = allocate(spec.address_pool, spec.prefix_length, taken, spec.name)
            self._networks[spec.name] = spec

    def volume_labels(self, installation: str) -> Mapping[str, Mapping[str, str]]:
        """The labels of all volumes of one repository, by name."""
        return labels_of_installation(self._volumes, installation)

    def create_volume(self, spec: VolumeSpec) -> None:
        """Make a volume."""
        self._begin("create_volume", spec.name)
        with self._using():
            self._volumes |= {made.name: made for made in made_volumes(spec, self._volumes)}
            if spec.clone is not None and spec.clone.layers:
                self.filled[spec.clone.own] = self.filled.get(volume_of(spec.clone.layers[0]), b"")

    def fill_volume(self, spec: FillSpec) -> None:
        """Keep an archive as what a volume holds."""
        self._begin("fill_volume", spec.volume)
        with self._using():
            if spec.volume not in self._volumes:
                raise ObjectNotFoundError("there is no such volume", where=f"volume {spec.volume}")
            self.filled[spec.volume] = b"".join(spec.archive(find_owner(spec.user or "0:0")))

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container. Its mapping is checked as a real engine's adapter checks it."""
        self._begin("create_container", spec.name)
        with self._using():
            refuse_taken("container", spec.name, self._containers)
            container_body(spec, api_version=API_VERSION)
            for network in spec.networks.values():
                if network not in self._networks:
                    raise ObjectNotFoundError(f"network {network} not found", where=f"container {spec.name}")
            behaviour = self.behaviours.get(spec.service, Behaviour())
            made = MemoryContainer.make(spec, behaviour, calls=len(self.calls), at=self._clock())
            self._containers[spec.name] = made
            self._tell(spec.name, ("create",))

    def start_container(self, name: str, *, again: bool = False) -> None:
        """Start it."""
        self._begin("start_container", name)
        with self._using():
            container = self._find(name)
            container.restarts_suspended &= not again
            if container.state is seen.ContainerState.PAUSED:
                self._change(container, container.go_on())
            if container.is_running:
                return
            if container.behaviour.fail_start is not None:
                raise container.behaviour.fail_start
            container.begin(self._ports.take(container.spec, self._address(container.networks)))
            self._tell(name, ("start",))
            for line in (*container.behaviour.lines, *container.printed()):
                self._write(container, line, is_error=False)
            for line in container.behaviour.error_lines:
                self._write(container, line, is_error=True)
            if not container.looks_left:
                self._change(container, container.settle())

    def stop_container(self, name: str, *, grace: int | None) -> None:
        """End it and keep it: with 143 where it may end by itself, with 137 where it is killed."""
        self._begin("stop_container", name)
        with self._using():
            container = self._find(name)
            container.restarts_suspended = True
            if container.is_running:
                self._end(container, 137 if grace == 0 else 143)

    def pause_container(self, name: str) -> None:
        """Freeze it until it is started."""
        self._begin("pause_container", name)
        with self._using():
            self._change(container := self._find(name), container.pause())

    def connect_network(self, container: str, network: str, *, is_gateway: bool = False) -> None:
        """Join a container to one more network."""
        self._begin("connect_network", container)
        with self._using():
            found = self._find(container)
            if network not in self._networks:
                raise ObjectNotFoundError(f"network {network} not found", where=f"container {container}")
            joined = [network, *found.networks] if is_gateway else [*found.networks, network]
            if found.is_running:
                found.ports = self._ports.take(found.spec, self._address(joined))
            found.networks = joined

    def disconnect_container(self, container: str, networks: Sequence[str]) -> None:
        """Take a container out of the networks of these names or ids."""
        left = set(map(self._network_name, networks))
        self._begin("disconnect_container", container)
        with self._using():
            if found := self._containers.get(container):
                found.networks = [network for network in found.networks if network not in left]

    def remove_container(self, name: str) -> None:
        """Kill it and remove it."""
        self._begin("remove_container", name)
        with self._using():
            if name not in self._containers:
                return
            if self._containers[name].is_running:
                self._end(self._containers[name], 137)
            self._tell(name, ("destroy",))
            self._containers.pop(name)
            self._finish_followers()

    def remove_network(self, name: str) -> None:
        """Remove the network of this name or id."""
        name = self._network_name(name)
        self._begin("remove_network", name)
        with self._using():
            self._networks.pop(name, None)
            self.subnets.pop(name, None)

    def remove_volume(self, name: str) -> None:
        """Remove it. Raises :class:`ConflictError` while a container uses it."""
        self._begin("remove_volume", name)
        with self._using():
            users = [user for user, c in self._containers.items() if name in mounted_volumes(c.spec)]
            if users and name in self._volumes:
                raise ConflictError(
                    f"could not remove it: volume is in use by {', '.join(users)}", where=f"volume {name}"
                )
            self._volumes.pop(name, None)
            self.filled.pop(name, None)

    def inspect_container(self, name: str) -> ContainerDetail:
        """How it is doing. A look that its behaviour counts."""
        with self._using():
            container = self._find(name)
            detail = container.detail()
            if container.is_running and not container.is_settled:
                container.looks_left -= 1
                if container.looks_left <= 0:
                    self._change(container, container.settle())
            return detail

    def listening_ports(self, name: str, ports: Collection[int]) -> ListeningPorts | None:
        """As the service's behaviour says."""
        with self._using():
            return self._find(name).behaviour.listening(ports)

    def open_connections(self, name: str, ports: Collection[int]) -> seen.OpenConnections:  # noqa: ARG002
        """No client is ever connected."""
        return seen.OpenConnections(0)

    def watch(self, selection: Selection) -> Stream[Sequence[ContainerEvent]]:
        """What happens from now on."""
        with self._using():
            stream: MemoryStream[ContainerEvent] = MemoryStream()
            self._watchers.append((selection, stream))
            return stream

    def logs(self, containers: Sequence[str], options: LogOptions) -> Stream[Sequence[LogLine]]:
        """The lines of several containers."""
        with self._using():
            found = [line for name in containers for line in part_of(self._find(name).lines, options)]
            found.sort(key=lambda line: line.at or START_OF_TIME)
            stream = MemoryStream(found)
            if options.follow:
                self._followers.append((frozenset(containers), stream))
                self._finish_followers()
            else:
                stream.finish()
            return stream

    def usage(self, containers: Sequence[str]) -> Stream[Sequence[UsageSample]]:
        """The samples that :attr:`samples` has of these containers."""
        return MemoryStream.of([sample for sample in self.samples if sample.container in containers])

    def close(self) -> None:
        """Close every stream."""
        with self._lock:
            self._is_closed = True
            for _selection, watcher in self._watchers:
                watcher.close()
            for _names, follower in self._followers:
                follower.close()

    def contents(self) -> tuple[Sequence[MemoryContainer], Sequence[NetworkSpec], Sequence[VolumeSpec]]:
        """Everything that there is, sorted by name: what the examiner looks at."""
        with self._lock:
            return (
                [self._containers[name] for name in sorted(self._containers)],
                [self._networks[name] for name in sorted(self._networks)],
                [self._volumes[name] for name in sorted(self._volumes)],
            )

    def write_line(self, name: str, text: str, *, is_error: bool = False) -> None:
        """Let a container write a line."""
        with self._lock:
            self._write(self._find(name), text, is_error=is_error)

    def set_health(self, name: str, health: Health) -> None:
        """Let a running container's health check come to a verdict."""
        with self._lock:
            self._find(name).health = health
            self._tell(name, ("health_status",))

    def end_container(self, name: str, exit_code: int) -> None:
        """Let a running container end."""
        with self._lock:
            self._end(self._find(name), exit_code)

    def lose_events(self) -> None:
        """Let every watch end, as when an engine goes away."""
        with self._lock:
            for _selection, stream in self._watchers:
                stream.finish()

    def _network_name(self, name: str) -> str:
        return next((known for known in list(self._networks) if identifier(known) == name), name)

    def _begin(self, method: str, name: str) -> None:
        self._on_call(method, name)
        self.calls.append((method, name))

    def _using(self) -> threading.RLock:
        if self._is_closed:
            raise EngineError("the engine's connection is closed", where="memory")
        return self._lock

    def _address(self, networks: Sequence[str]) -> str:
        """Where ports are bound that name no address: the first network says it."""
        return (host_binding(self._networks.get(networks[0])) if networks else "") or EVERYWHERE

    def _find(self, name: str) -> MemoryContainer:
        if name not in self._containers:
            raise ObjectNotFoundError(f"No such container: {name}", where=f"container {name}")
        return self._containers[name]

    def _end(self, container: MemoryContainer, exit_code: int) -> None:
        self._change(container, container.end(exit_code))

    def _change(self, container: MemoryContainer, actions: Iterable[str]) -> None:
        self._tell(container.spec.name, tuple(actions))
        if container.has_ended:
            self._ports.release(container.spec.name)
            self._finish_followers()

    def _tell(self, name: str, actions: Iterable[str]) -> None:
        owner = self._containers[name].ownership
        self._watchers = [entry for entry in self._watchers if not entry[1].is_over]
        for action in actions:
            for selection, stream in self._watchers:
                if owner is not None and is_meant(selection, owner):
                    stream.put(ContainerEvent(name, action))

    def _write(self, container: MemoryContainer, text: str, *, is_error: bool) -> None:
        line = LogLine(container.spec.name, container.spec.service, self._clock(), text, is_error)
        container.lines.append(line)
        for names, stream in self._followers:
            if container.spec.name in names:
                stream.put(line)

    def _finish_followers(self) -> None:
        running = {name for name, container in self._containers.items() if container.is_running}
        for names, stream in self._followers:
            if not names & running:
                stream.finish()
        self._followers = [entry for entry in self._followers if not entry[1].is_over]
