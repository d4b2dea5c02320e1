"""What the run stage asks of an engine. One contract suite (``tests/engine``) holds every implementation to it.

Methods block and may be called from several threads at once. They raise the errors of
``previewer.errors.EngineError``; they never return an SDK's object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol, TypeVar

from msgspec import Struct, field

from previewer.domain.engine.nodes import NodesReport
from previewer.domain.engine.observation import ContainerDetail, ListeningPorts, Observation, OpenConnections
from previewer.domain.engine.specs import ContainerSpec, FillSpec, NetworkSpec, VolumeSpec
from previewer.domain.engine.usage import UsageSample

Batch = TypeVar("Batch", covariant=True)

HOST_BINDING = "host-binding"
"""The ability to bind published ports where a network says it (its ``host_binding_ipv4``), at any loopback
address, and to move them with the network that a container is joined to. Without it successors get others."""
EGRESS = "egress"
"""The ability to keep an environment from reaching other machines while its ports are published."""
RESTARTS = "restarts"
"""The ability to give a container another restart policy, so that what was stopped to be kept stays so."""
LOG_TIMES = "log-times"
"""The ability to tell lines of a log apart that were written within one second."""

LOCAL_IMAGES = "local-images"
"""The ability to run an image that is only where the engine itself is. Without it images come from a registry."""

REJOINING = "rejoining"
"""The ability to let what runs join a network, or leave one. Without it networks go after all that is on them."""

EXAMINATION = "examination"
"""The ability to be looked at closely: drift, touches, what a start writes. Without it nothing is called clean."""
ROUTER = "router"
"""The ability to give environments host names."""


class Stream(Protocol[Batch]):
    """A blocking iterator of batches. ``close`` may be called from another thread and ends a blocked read."""

    def __iter__(self) -> Iterator[Batch]:
        """Iterate over what arrives until the end or ``close``."""
        ...

    def close(self) -> None:
        """End the stream; a reader that waits sees its end. Closing twice is fine."""
        ...


class Capabilities(Struct, frozen=True):
    """What an engine can do. A front end disables what it cannot, with the reason, instead of failing."""

    name: str
    """``Docker 28.5.2``, for people."""
    api_version: tuple[int, int]
    platform: str
    """``linux/amd64``: what it runs."""
    remote: str | None = None
    """``ssh://user@machine:22``: the address of an engine on another machine, on whose loopback address ports are
    then published; ``None`` for this machine's."""
    reach: str = ""
    """The address of the engine's machine at which ports are reached from here; empty for the loopback address."""
    missing: dict[str, str] = field(default_factory=dict)
    """Reasons by ability: ``{"health": "Podman without systemd runs no health checks"}``."""


class EngineResources(Struct, frozen=True):
    """What the engine's machine has, and which address ranges are taken on it. ``None`` is unknown."""

    subnets: tuple[IPv4Network | IPv6Network, ...]
    """The subnets of all networks of the engine, whatever they belong to."""
    memory: int | None = None
    """Memory in bytes."""
    free_disk: int | None = None
    """Bytes that are free where it keeps images and volumes."""
    reservable: tuple[int, ...] = ()
    """Bytes that services may still reserve, by node, where a scheduler places them; empty where none does."""


class Selection(Struct, frozen=True):
    """Which objects are meant; ``None`` means any. Objects that are not ours are never meant."""

    installation: str | None = None
    environment: str | None = None
    operation: str | None = None


class ContainerEvent(Struct, frozen=True):
    """Something happened to one of our containers."""

    container: str
    """The container's name."""
    action: str
    """The engine's word: ``start``, ``die``, ``health_status``, ``destroy``, …"""


class LogOptions(Struct, frozen=True):
    """Which part of the logs is wanted."""

    tail: int | None = None
    """Lines from the end, of each container; ``None`` for all."""
    follow: bool = False
    since: datetime | None = None


class LogLine(Struct, frozen=True):
    """One line that a container wrote."""

    container: str
    service: str
    at: datetime | None
    text: str
    """Without the line's end; bytes that are not UTF-8 replaced."""
    is_error: bool
    """Whether it came from standard error."""


class NodeProbe(Protocol):
    """A look from the machines of an engine that is several."""

    def find_image(self) -> tuple[str, str]:
        """The config digest and platform of the image that runs on each of them.

        Raises :class:`UnsupportedError` where there is nothing to make it of.
        """
        ...

    def examine(self, image: str, *, pool: str, prefix_length: int) -> NodesReport:
        """Run ``image``, by what every node calls it, on all of them for a few seconds, and look.

        Its network takes a subnet of ``pool``.
        """
        ...


class Engine(Protocol):
    """An engine that runs containers."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; asked once and kept."""
        ...

    def get_ready(self) -> None:
        """Start the requests that every operation needs. It neither waits nor fails: using the answers does."""
        ...

    def resources(self) -> EngineResources:
        """What there is to be had, in a constant number of calls."""
        ...

    def clock_ahead(self) -> timedelta:
        """How far the engine's clock is ahead of ours. Every time that it tells is on our clock already."""
        ...

    def observe(self, selection: Selection) -> Observation:
        """A snapshot of our containers, networks and volumes, in a constant number of calls."""
        ...

    def measure_containers(self, selection: Selection) -> Mapping[str, int]:
        """The bytes of the writable layers of our containers, by name. The engine may take long to count."""
        ...

    def measure_volumes(self) -> Mapping[str, int]:
        """The bytes of all volumes that the engine can measure, by name. It may take very long to count."""
        ...

    def create_network(self, spec: NetworkSpec) -> None:
        """Make a network with a free subnet of its pool. :class:`ConflictError` where the pool is full."""
        ...

    def volume_labels(self, installation: str) -> Mapping[str, Mapping[str, str]]:
        """The labels of all volumes of one repository, those that no generation owns too, by their names."""
        ...

    def create_volume(self, spec: VolumeSpec) -> None:
        """Make a named volume: a plain one, or one that begins with data.

        Where the engine cannot lay one volume over others, data is copied.
        """
        ...

    def fill_volume(self, spec: FillSpec) -> None:
        """Unpack an archive into a volume, through a container that is never started and is removed again."""
        ...

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container, joined to its networks, not started. :class:`ConflictError` for a taken name."""
        ...

    def start_container(self, name: str, *, again: bool = False) -> None:
        """Start it, or let it go on where it is paused. :class:`ConflictError` where a host port is taken. Nothing
        happens if it runs.

        ``again`` says that :meth:`stop_container` may have stopped it: it then has its restart policy again.
        """
        ...

    def stop_container(self, name: str, *, grace: int | None) -> None:
        """End it and keep it: only :meth:`start_container` starts it again, whatever its restart policy was, and
        even if the engine itself is restarted. Nothing happens if it has ended, but for that.

        It may take ``grace`` seconds to end by itself, ``None`` for as long as its definition says; with 0 it is
        killed at once. Raises :class:`ObjectNotFoundError`.
        """
        ...

    def pause_container(self, name: str) -> None:
        """Freeze its processes where they are, until :meth:`start_container`. Nothing happens if it does not run.

        Raises :class:`ObjectNotFoundError`, and :class:`UnsupportedError` where the engine cannot do it.
        """
        ...

    def connect_network(self, container: str, network: str, *, is_gateway: bool = False) -> None:
        """Join a container, running or not, to one more network.

        ``is_gateway`` makes that network its way out: its published ports move to the address that the network
        binds them to, provided that the network's name sorts before those of its others (engines before API 1.48
        go by the name). :class:`PortTakenError` where a host port is taken there; it is then not joined.
        """
        ...

    def disconnect_container(self, container: str, networks: Sequence[str]) -> None:
        """Take a container, running or not, out of the networks of these names or ids.

        Nothing happens where it is not in one, or where either is gone.
        """
        ...

    def remove_container(self, name: str) -> None:
        """Kill it and remove it with its anonymous volumes. Nothing happens if it is gone."""
        ...

    def remove_network(self, name: str) -> None:
        """Remove the network of this name or id, whatever still hangs on it. Nothing happens if it is gone."""
        ...

    def remove_volume(self, name: str) -> None:
        """Remove it with what it holds. Nothing happens if it is gone."""
        ...

    def inspect_container(self, name: str) -> ContainerDetail:
        """How it is doing. Raises :class:`ObjectNotFoundError`."""
        ...

    def listening_ports(self, name: str, ports: Collection[int]) -> ListeningPorts | None:
        """Which of these TCP ports of a running container accept connections, without touching it.

        ``None`` where that cannot be told from here. Raises :class:`ObjectNotFoundError`.
        """
        ...

    def open_connections(self, name: str, ports: Collection[int]) -> OpenConnections:
        """How many clients are connected to these TCP ports of a container; none to one that is gone or ended."""
        ...

    def watch(self, selection: Selection) -> Stream[Sequence[ContainerEvent]]:
        """What happens to our containers from now on. It ends quietly when the engine goes away."""
        ...

    def logs(self, containers: Sequence[str], options: LogOptions) -> Stream[Sequence[LogLine]]:
        """The lines of several containers, merged as they arrive (by time, where nothing is followed).

        Reading raises :class:`EngineUnreachableError` where the engine goes away under followed ones.
        """
        ...

    def usage(self, containers: Sequence[str]) -> Stream[Sequence[UsageSample]]:
        """What running containers use, a sample of each about once a second. Those that are gone are left out."""
        ...

    def close(self) -> None:
        """Close every connection and stream. Using it afterwards raises :class:`EngineError`."""
        ...
