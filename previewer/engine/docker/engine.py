"""The run stage on a Docker engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from importlib import import_module
from weakref import WeakSet

from msgspec.structs import replace

from previewer.background import begin
from previewer.docker_api import containers, events, machine, networks, volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.machine import machine_resources
from previewer.docker_api.networks import leave_networks
from previewer.docker_api.podman import RESTART_UPDATES_SINCE, podman_version
from previewer.docker_api.reach import address_to_publish_at, listening_ports, open_connections
from previewer.domain import labels
from previewer.domain.engine.addresses import Network, allocate, allocate_ipv6
from previewer.domain.engine.capacity import START_INTERVAL, VOLUME_SUBPATH
from previewer.domain.engine.observation import ContainerDetail, ListeningPorts, Observation, OpenConnections
from previewer.domain.engine.specs import NO_EGRESS_KEY, ContainerSpec, FillSpec, NetworkSpec, VolumeSpec
from previewer.domain.engine.usage import UsageSample
from previewer.engine.create_body import labelled_container, labelled_network, labelled_volume
from previewer.engine.docker.clones import CloneMaker
from previewer.engine.docker.streams import EventStream, UsageStream, open_log_stream
from previewer.engine.mapping.container import container_body
from previewer.engine.mapping.mounts import SUBPATH_SINCE, archive_of, volumes_mounted_by_path
from previewer.engine.mapping.networks import (
    gateway_endpoint,
    has_own_subnet,
    network_body,
    volume_body,
    wants_ipv6,
)
from previewer.engine.mapping.resources import START_INTERVAL_SINCE
from previewer.engine.protocol import (
    EGRESS,
    HOST_BINDING,
    LOG_TIMES,
    RESTARTS,
    Capabilities,
    ContainerEvent,
    EngineResources,
    LogLine,
    LogOptions,
    Selection,
    Stream,
)
from previewer.errors import ConflictError, EngineError, EngineUnreachableError, UnsupportedError

SUBNET_ATTEMPTS = 64
"""Other programs make networks at the same time; each attempt that loses learns of at least one more of them."""


def create_network(
    docker: DockerConnection, spec: NetworkSpec, *, make: Callable[..., None] = networks.create_network
) -> None:
    """Make a network with a free subnet of its pool, by ``make``, which may raise :class:`SubnetTakenError`.

    Raises :class:`ConflictError` where none could be had.
    """
    if has_own_subnet(spec):
        body = labelled_network(network_body(spec, None, api_version=docker.api_version))
        make(docker, name=spec.name, body=body)
        return
    refused: list[Network] = []
    for _attempt in range(SUBNET_ATTEMPTS):
        taken = (*networks.taken_subnets(docker), *refused)
        subnet = allocate(spec.address_pool, spec.prefix_length, taken, spec.name)
        ipv6 = allocate_ipv6(taken, spec.name) if wants_ipv6(spec) else None
        body = labelled_network(network_body(spec, subnet, ipv6=ipv6, api_version=docker.api_version))
        try:
            make(docker, name=spec.name, body=body)
        except networks.SubnetTakenError:
            refused.extend(range_ for range_ in (subnet, ipv6) if range_ is not None)
        else:
            return
    raise ConflictError(
        f"no subnet of {spec.address_pool} could be had in {SUBNET_ATTEMPTS} attempts",
        where=f"network {spec.name}",
        hint="something outside the engine may use that range: choose another address pool",
    )


def create_volume(docker: DockerConnection, spec: VolumeSpec) -> None:
    """Make a named volume."""
    volumes.create_volume(docker, name=spec.name, body=labelled_volume(volume_body(spec)))


def create_container(docker: DockerConnection, spec: ContainerSpec) -> None:
    """Make a container, joined to its networks and with its files in it; nothing is left if that fails."""
    wanted = container_body(with_host_paths(docker, spec), api_version=docker.api_version)
    body = labelled_container(wanted)
    containers.create_container(docker, name=wanted.name, platform=wanted.platform, body=body)
    try:
        for joined in wanted.later_networks:
            containers.join_network(
                docker, container=wanted.name, network=joined.network, endpoint=joined.endpoint
            )
        if wanted.files:
            containers.copy_into(docker, container=wanted.name, archive=archive_of(wanted.files))
    except EngineUnreachableError:
        raise  # What stays behind bears the operation's label.
    except BaseException:
        # The first error counts.
        with suppress(EngineError):
            containers.remove_container(docker, wanted.name)
        raise


def with_host_paths(docker: DockerConnection, spec: ContainerSpec) -> ContainerSpec:
    """``spec``, with where the commit's files are on the host if it mounts some and the engine is too old."""
    if docker.api_version >= SUBPATH_SINCE:
        return spec
    keys = volumes_mounted_by_path(spec)
    return replace(spec, mountpoints={key: volumes.find_mountpoint(docker, spec.volumes[key]) for key in keys})


class DockerEngine:
    """An engine behind the Docker API, as :class:`previewer.engine.protocol.Engine` describes it."""

    def __init__(self, connection: DockerConnection) -> None:
        self._docker = connection
        self._clones = CloneMaker(connection)
        self._streams: WeakSet[Stream[Sequence[object]]] = WeakSet()
        self._lock = threading.Lock()
        self._is_closed = False

    @cached_property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._make_capabilities()

    def _make_capabilities(self) -> Capabilities:
        return docker_capabilities(self._docker)

    def get_ready(self) -> None:
        """Ask in the background, once, what the engine is and has, which takes it some time to say.

        Meanwhile load what makes things.
        """
        docker = self._docker
        begin(lambda: docker.version, name="previewer-version")
        begin(lambda: docker.info, name="previewer-info")
        begin(lambda: import_module("previewer.engine.docker.engine"), name="previewer-creation")

    def resources(self) -> EngineResources:
        """What there is to be had, in two calls, made at the same time."""
        docker = self._open()
        machine = begin(lambda: machine_resources(docker), name="previewer-resources")
        subnets = networks.taken_subnets(docker)
        found = machine.result()
        return EngineResources(subnets, memory=found.memory, free_disk=found.free_disk)

    def clock_ahead(self) -> timedelta:
        """Measured again every few seconds."""
        return self._open().clock.ahead

    def observe(self, selection: Selection) -> Observation:
        """A snapshot in three calls, made at the same time."""
        docker, wanted = self._open(), label_filters(selection)
        found_networks = begin(lambda: networks.list_networks(docker, wanted), name="previewer-observe")
        found_volumes = begin(lambda: volumes.list_volumes(docker, wanted), name="previewer-observe")
        found_containers = containers.list_containers(docker, wanted)
        return Observation(
            found_containers,
            found_networks.result(),
            found_volumes.result(),
            machine=docker.reached_machine,
            reached_as=docker.reached_as,
            engine_ahead=round(docker.clock.ahead.total_seconds()) if found_containers else 0,
        )

    def measure_containers(self, selection: Selection) -> Mapping[str, int]:
        """The bytes of the writable layers of our containers, by name."""
        return machine.container_sizes(self._open(), label_filters(selection))

    def measure_volumes(self) -> Mapping[str, int]:
        """The bytes of all volumes that the engine can measure, by name."""
        return machine.volume_sizes(self._open())

    def create_network(self, spec: NetworkSpec) -> None:
        """Make a network with a free subnet of its pool."""
        docker = self._open()
        if spec.compose.get(NO_EGRESS_KEY) is True and (reason := self.capabilities.missing.get(EGRESS)):
            raise UnsupportedError(
                f"it cannot be kept from reaching other machines: {reason}",
                where=f"network {spec.name}",
                hint="use Docker, or allow it: x-previewer.egress and limits.ROLE.egress",
            )
        create_network(docker, spec)

    def create_volume(self, spec: VolumeSpec) -> None:
        """Make a named volume."""
        docker = self._open()
        if spec.clone is None:
            create_volume(docker, spec)
        else:
            self._clones.create(spec, spec.clone)

    def volume_labels(self, installation: str) -> Mapping[str, Mapping[str, str]]:
        """The labels of all volumes of one repository, by their names."""
        return volumes.volume_labels(self._open(), label_filters(Selection(installation)))

    def fill_volume(self, spec: FillSpec) -> None:
        """Unpack an archive into a volume."""
        volumes.fill_volume(
            self._open(),
            volume=spec.volume,
            image=spec.image,
            labels=spec.labels,
            user=spec.user,
            archive=spec.archive,
        )

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container, joined to its networks and with its files in it; nothing is left if that fails."""
        create_container(self._open(), spec)

    def start_container(self, name: str, *, again: bool = False) -> None:
        """Start it. Its policy comes first: it takes little time while the container stands still."""
        docker = self._open()
        if again:
            containers.resume_restarts(docker, name)
        containers.start_container(docker, name)

    def stop_container(self, name: str, *, grace: int | None) -> None:
        """End it and keep it."""
        docker = self._open()
        containers.stop_container(docker, name, grace=grace)
        containers.suspend_restarts(docker, name)

    def pause_container(self, name: str) -> None:
        """Freeze it until it is started."""
        containers.pause_container(self._open(), name)

    def connect_network(self, container: str, network: str, *, is_gateway: bool = False) -> None:
        """Join a container to one more network."""
        docker = self._open()
        endpoint = gateway_endpoint(docker.api_version) if is_gateway else {}
        containers.join_network(docker, container=container, network=network, endpoint=endpoint)

    def disconnect_container(self, container: str, networks: Sequence[str]) -> None:
        """Take a running container out of the networks of these names or ids."""
        leave_networks(self._open(), container, networks)

    def remove_container(self, name: str) -> None:
        """Kill it and remove it with its anonymous volumes."""
        containers.remove_container(self._open(), name)

    def remove_network(self, name: str) -> None:
        """Remove the network of this name or id, whatever still hangs on it."""
        networks.remove_network(self._open(), name)

    def remove_volume(self, name: str) -> None:
        """Remove it with what it holds."""
        volumes.remove_volume(self._open(), name)

    def inspect_container(self, name: str) -> ContainerDetail:
        """How it is doing."""
        return containers.inspect_container(self._open(), name).detail

    def listening_ports(self, name: str, ports: Collection[int]) -> ListeningPorts | None:
        """Which of these TCP ports of a running container accept connections."""
        return listening_ports(self._open(), name, ports)

    def open_connections(self, name: str, ports: Collection[int]) -> OpenConnections:
        """How many clients are connected to these TCP ports of a container."""
        return open_connections(self._open(), name, ports)

    def watch(self, selection: Selection) -> Stream[Sequence[ContainerEvent]]:
        """What happens to our containers from now on."""
        stream = EventStream(events.open_events(self._open(), label_filters(selection)))
        self._register(stream)
        return stream

    def logs(self, containers: Sequence[str], options: LogOptions) -> Stream[Sequence[LogLine]]:
        """The lines of several containers, merged."""
        stream = open_log_stream(self._open(), containers, options)
        self._register(stream)
        return stream

    def usage(self, containers: Sequence[str]) -> Stream[Sequence[UsageSample]]:
        """What running containers use."""
        stream = UsageStream(self._open(), containers)
        self._register(stream)
        return stream

    def close(self) -> None:
        """Close every connection and stream."""
        with self._lock:
            self._is_closed = True
            streams = list(self._streams)
        for stream in streams:
            stream.close()
        self._docker.close()

    def _open(self) -> DockerConnection:
        if self._is_closed:
            raise EngineError("the engine's connection is closed", where=self._docker.host)
        return self._docker

    def _register(self, stream: Stream[Sequence[object]]) -> None:
        with self._lock:
            self._streams.add(stream)
            is_closed = self._is_closed
        if is_closed:
            stream.close()


def label_filters(selection: Selection) -> tuple[str, ...]:
    """The labels, as ``key=value``, that every object of ``selection`` bears."""
    wanted = {
        labels.MANAGED_BY: labels.MANAGED_BY_VALUE,
        labels.INSTALLATION: selection.installation,
        labels.ENVIRONMENT: selection.environment,
        labels.OPERATION: selection.operation,
    }
    return tuple(f"{key}={value}" for key, value in wanted.items() if value is not None)


def docker_capabilities(connection: DockerConnection) -> Capabilities:
    """What an engine behind a connection can do. Raises :class:`EngineError` where it does not answer."""
    missing = {}
    if connection.api_version < START_INTERVAL_SINCE:
        missing[START_INTERVAL] = "it came with Docker 25"
    if connection.api_version < SUBPATH_SINCE:
        missing[VOLUME_SUBPATH] = "it came with Docker 26"
    if podman := podman_version(connection):
        missing["health"] = "without systemd Podman runs health checks only while previewer waits for them"
        missing[EGRESS] = "Podman cannot set a gateway address that no machine has"
        if podman < RESTART_UPDATES_SINCE:
            missing[RESTARTS] = "Podman before 5.1 cannot take a restart policy from what sleeps"
        missing[LOG_TIMES] = "Podman times lines of logs to the second"
    if reason := containers.why_no_host_binding(connection):
        missing[HOST_BINDING] = reason
    return Capabilities(
        name=containers.engine_name(connection),
        api_version=connection.api_version,
        platform=connection.platform,
        remote=None if connection.is_local else connection.host,
        reach=address_to_publish_at(connection),
        missing=missing,
    )
