"""What engines answer, as far as it is read: containers, networks, volumes, and the engine itself.

Fields that are not read are skipped while the bytes are decoded. Engines are written in Go, which spells an empty
list, map or pointer ``null``: those may be ``None`` here. Words, numbers and truth values may be missing, and are
never null.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct, field

Labels: TypeAlias = dict[str, str] | None


class Answer(Struct, frozen=True, rename="pascal"):
    """Part of an answer, with the engine's ``CamelCase`` for our names."""


class Mount(Answer, frozen=True):
    """What is mounted in a container."""

    type: str = ""
    """``volume``, ``bind``, …"""
    name: str = ""
    """The volume's."""
    source: str = ""
    destination: str = ""


class Endpoint(Answer, frozen=True):
    """A container in a network."""

    network_id: str = field(default="", name="NetworkID")


class PortBinding(Answer, frozen=True):
    """Where a port is published on the engine's machine."""

    host_ip: str = ""
    host_port: str = ""
    """Digits; empty where the engine is to choose."""

    @property
    def host_number(self) -> int:
        """The host port; 0 where none is said."""
        return int(self.host_port) if self.host_port.isdecimal() else 0


PortBindings: TypeAlias = dict[str, list[PortBinding] | None] | None
"""By ``8080/tcp``."""


class NetworkSettings(Answer, frozen=True):
    """The networks and published ports of a container."""

    networks: dict[str, Endpoint | None] | None = None
    ports: PortBindings = None
    """Of inspections only."""


class HostConfig(Answer, frozen=True):
    """What a container has of its machine. A list tells of the network mode alone."""

    network_mode: str = ""
    pid_mode: str = ""
    ipc_mode: str = ""
    memory: int = 0
    pids_limit: int | None = None
    restart_policy: dict[str, Any] | None = None
    port_bindings: PortBindings = None
    tmpfs: dict[str, str] | None = None


class ListedPort(Answer, frozen=True):
    """A port of a listed container."""

    ip: str = field(default="", name="IP")
    private_port: int = 0
    public_port: int = 0
    """0 where it is not published."""
    type: str = "tcp"


class ListedContainer(Answer, frozen=True):
    """An entry of ``GET /containers/json``."""

    id: str = ""
    names: list[str] | None = None
    image: str = ""
    image_id: str = field(default="", name="ImageID")
    labels: Labels = None
    state: str = ""
    status: str = ""
    """``Up 3 seconds (healthy)``."""
    created: int = 0
    """Seconds since the epoch."""
    ports: list[ListedPort] | None = None
    host_config: HostConfig | None = None
    network_settings: NetworkSettings | None = None
    mounts: list[Mount] | None = None
    size_rw: int = 0
    """Bytes of its own layer, where they were asked for; absent for one that wrote nothing."""

    @property
    def name(self) -> str:
        """Its own: links add names such as ``/other/alias``, the own one has a single slash."""
        names = [name.lstrip("/") for name in self.names or ()]
        return next((name for name in names if "/" not in name), names[0] if names else "")


class HealthRun(Answer, frozen=True):
    """One health check that was run."""

    exit_code: int = 0
    output: str = ""


class ContainerHealth(Answer, frozen=True):
    """What health checks say."""

    status: str = ""
    log: list[HealthRun] | None = None


class State(Answer, frozen=True):
    """How a container is doing."""

    status: str = ""
    exit_code: int = 0
    oom_killed: bool = field(default=False, name="OOMKilled")
    error: str = ""
    pid: int = 0
    started_at: str = ""
    health: ContainerHealth | None = None


class ContainerConfig(Answer, frozen=True):
    """What a container runs with."""

    image: str = ""
    tty: bool = False
    user: str = ""
    labels: Labels = None
    stop_timeout: int | None = None


class Container(Answer, frozen=True):
    """``GET /containers/NAME/json``."""

    id: str = ""
    name: str = ""
    created: str = ""
    image: str = ""
    """The engine's id of it."""
    state: State = State()
    config: ContainerConfig = ContainerConfig()
    host_config: HostConfig = HostConfig()
    network_settings: NetworkSettings = NetworkSettings()
    mounts: list[Mount] | None = None
    restart_count: int = 0
    exec_ids: list[str] | None = field(default=None, name="ExecIDs")
    size_rw: int = 0
    """Bytes of its own layer, where they were asked for."""


class _RawNetworks(Answer, frozen=True):
    networks: dict[str, Any] | None = None


class RawContainer(Answer, frozen=True):
    """The same answer with every field of what the container was made with: drift compares them all."""

    image: str = ""
    config: dict[str, Any] | None = None
    host_config: dict[str, Any] | None = None
    network_settings: _RawNetworks = _RawNetworks()


class AddressPool(Answer, frozen=True):
    """An address range of a network."""

    subnet: str = ""
    gateway: str = ""


class AddressPools(Answer, frozen=True):
    """The ranges of a network (``IPAM``)."""

    config: list[AddressPool] | None = None


class Member(Answer, frozen=True):
    """A container that has an endpoint in a network."""

    name: str = ""


class Network(Answer, frozen=True):
    """``GET /networks/NAME``, an entry of ``GET /networks``, and a create body."""

    id: str = ""
    name: str = ""
    created: str = ""
    driver: str = ""
    internal: bool = False
    attachable: bool = False
    enable_ipv6: bool = field(default=False, name="EnableIPv6")
    labels: Labels = None
    options: dict[str, str] | None = None
    ipam: AddressPools | None = field(default=None, name="IPAM")
    containers: dict[str, Member] | None = None
    """Of an inspection only."""

    @property
    def pools(self) -> list[AddressPool]:
        """Its address ranges."""
        return (self.ipam.config if self.ipam else None) or []


class UsageData(Answer, frozen=True):
    """What a volume takes."""

    size: int = -1
    """Bytes; -1 where the engine does not know."""


class Volume(Answer, frozen=True):
    """``GET /volumes/NAME``, an entry of ``GET /volumes``, and a create body."""

    name: str = ""
    driver: str = ""
    labels: Labels = None
    mountpoint: str = ""
    options: dict[str, str] | None = None
    driver_opts: dict[str, str] | None = None
    """What a create body calls the options."""
    usage_data: UsageData | None = None


class Volumes(Answer, frozen=True):
    """``GET /volumes`` and ``GET /system/df``."""

    volumes: list[Volume] | None = None


class Created(Answer, frozen=True):
    """The answer to a create body."""

    id: str = ""


class Component(Answer, frozen=True):
    """A program that an engine consists of."""

    name: str = ""


class Version(Answer, frozen=True):
    """``GET /version``."""

    version: str = ""
    os: str = "linux"
    arch: str = "amd64"
    api_version: str = ""
    min_api_version: str = field(default="", name="MinAPIVersion")
    components: list[Component] | None = None
    platform: Component = Component()
    """``Docker Desktop 4.37``, ``Docker Engine - Community``."""


class Membership(Answer, frozen=True):
    """``Swarm`` of ``GET /info``: the engine's part in a swarm."""

    node_id: str = field(default="", name="NodeID")
    state: str = field(default="inactive", name="LocalNodeState")
    is_manager: bool = field(default=False, name="ControlAvailable")
    """Whether it answers requests about the swarm."""


class Info(Answer, frozen=True):
    """``GET /info``."""

    name: str = ""
    """Its machine's."""
    driver: str = ""
    driver_status: list[list[str]] | None = None
    mem_total: int = 0
    docker_root_dir: str = ""
    operating_system: str = ""
    security_options: list[str] | None = None
    system_time: str = ""
    swarm: Membership | None = None
