"""A service of a normalised definition, as typed values.

The fields are those keys that something decides about, called as in the Compose Specification; their types are
those of the table (``keys.py``). Every other key is only handed on, from ``spec``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from previewer.domain.json_value import JsonObject, JsonValue, as_object, as_text, entries_at
from previewer.domain.stored import convert

if TYPE_CHECKING:
    Raw = JsonObject
else:
    Raw = Any  # msgspec leaves it as it is, and never looks into it

OF_SERVICE = "service:"
"""Before the name of the service whose namespace is joined."""
STDIN_ONCE_KEY = "x-stdin-once"
"""A service's standard input ends when the attached client leaves or has nothing to send."""


class Condition(Enum):
    """What a service waits for in another one before it starts (Compose Specification, ``depends_on``)."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"
    COMPLETED = "service_completed_successfully"


class Dependency(Struct, frozen=True):
    """One entry of ``depends_on``."""

    service: str
    condition: Condition = Condition.STARTED
    required: bool = True


class PortMapping(Struct, frozen=True):
    """One port that is to be reachable from outside the environment."""

    target: int
    """The port inside the container."""
    protocol: str = "tcp"
    """``tcp``, ``udp`` or ``sctp``."""
    published: str = ""
    """The host port or range that was asked for; empty for any free one."""
    host_ip: str = ""
    """The host address that was asked for; empty for the role's default."""


class Bind(Struct, frozen=True):
    """The ``bind`` of a mount."""

    create_host_path: bool = True
    propagation: str = ""
    recursive: str = ""
    selinux: str = ""


class VolumeOptions(Struct, frozen=True):
    """The ``volume`` of a mount."""

    nocopy: bool = False
    subpath: str = ""
    labels: Mapping[str, str] = {}


class MemoryOptions(Struct, frozen=True):
    """The ``tmpfs`` of a mount."""

    size: int = 0
    mode: int | str = ""
    """A number, or its octal digits."""


class Mount(Struct, frozen=True):
    """One entry of ``volumes``."""

    target: str = ""
    type: str = "volume"
    source: str = ""
    read_only: bool = False
    bind: Bind | None = None
    volume: VolumeOptions = VolumeOptions()
    tmpfs: MemoryOptions = MemoryOptions()


class FileReference(Struct, frozen=True):
    """One entry of ``configs`` or ``secrets``."""

    source: str = ""
    target: str = ""
    mode: int | str = ""
    uid: int | str = ""
    gid: int | str = ""


class Endpoint(Struct, frozen=True):
    """What a service is on one of its networks."""

    aliases: tuple[str, ...] = ()
    ipv4_address: str = ""
    ipv6_address: str = ""
    link_local_ips: tuple[str, ...] = ()
    mac_address: str = ""
    interface_name: str = ""
    driver_opts: Mapping[str, str] = {}
    priority: int = 0
    gw_priority: int = 0


class Limit(Struct, frozen=True):
    """One of ``ulimits``."""

    soft: int = 0
    hard: int = 0


class BuildSecret(Struct, frozen=True):
    """One entry of ``build.secrets``."""

    source: str = ""
    target: str = ""


class BuildSection(Struct, frozen=True):
    """The ``build`` of a service; its paths are relative to the root of the commit's tree."""

    spec: Raw
    """The whole section."""
    context: str = "."
    dockerfile: str = "Dockerfile"
    """Relative to the context."""
    dockerfile_inline: str | None = None
    target: str | None = None
    args: Mapping[str, str | None] = {}
    """Arguments without a value are ``None``: the build has none of that name."""
    additional_contexts: Mapping[str, str] = {}
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    entitlements: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    network: str = ""
    no_cache: bool = False
    platforms: tuple[str, ...] = ()
    privileged: bool = False
    secrets: tuple[BuildSecret, ...] = ()
    shm_size: int | None = None
    ssh: tuple[str, ...] = ()
    ulimits: Mapping[str, int | Limit] = {}


class Device(Struct, frozen=True):
    """One entry of ``devices``."""

    source: str
    target: str = ""
    permissions: str = ""


class DeviceRequest(Struct, frozen=True):
    """One entry of ``gpus`` or ``deploy.resources.reservations.devices``."""

    driver: str = ""
    count: int = 0
    device_ids: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    options: Mapping[str, str] = {}


class ResourceLimits(Struct, frozen=True):
    """``deploy.resources.limits``; zero is none."""

    memory: int = 0
    cpus: float = 0
    pids: int = 0


class Reservations(Struct, frozen=True):
    """``deploy.resources.reservations``."""

    memory: int = 0
    devices: tuple[DeviceRequest, ...] = ()


class Resources(Struct, frozen=True):
    """``deploy.resources``."""

    limits: ResourceLimits = ResourceLimits()
    reservations: Reservations = Reservations()


class RestartPolicy(Struct, frozen=True):
    """``deploy.restart_policy``."""

    condition: str = ""
    max_attempts: int = 0


class Placement(Struct, frozen=True):
    """``deploy.placement``."""

    constraints: tuple[str, ...] = ()


class Deploy(Struct, frozen=True):
    """The ``deploy`` of a service."""

    replicas: int | None = None
    resources: Resources = Resources()
    restart_policy: RestartPolicy | None = None
    placement: Placement = Placement()


class HealthCheck(Struct, frozen=True):
    """The ``healthcheck`` of a service; what is absent is inherited from the image."""

    test: tuple[str, ...] | str | None = None
    disable: bool = False
    interval: str = ""
    timeout: str = ""
    start_period: str = ""
    start_interval: str = ""
    retries: int | None = None


class Logging(Struct, frozen=True):
    """The ``logging`` of a service."""

    driver: str = ""
    options: Mapping[str, str] = {}


class DeviceRate(Struct, frozen=True):
    """What one device of ``blkio_config`` may read or write."""

    path: str
    rate: int = 0


class DeviceWeight(Struct, frozen=True):
    """How much of one device ``blkio_config`` gives a container, against others."""

    path: str
    weight: int = 0


class BlockDevices(Struct, frozen=True):
    """The ``blkio_config`` of a service."""

    device_read_bps: tuple[DeviceRate, ...] = ()
    device_read_iops: tuple[DeviceRate, ...] = ()
    device_write_bps: tuple[DeviceRate, ...] = ()
    device_write_iops: tuple[DeviceRate, ...] = ()
    weight: int = 0
    weight_device: tuple[DeviceWeight, ...] = ()


class Hook(Struct, frozen=True):
    """A command that the engine runs in a container at a turn of its life."""

    privileged: bool = False


class Service(Struct, frozen=True):
    """One service."""

    name: str
    spec: Raw
    """Its normalised Compose mapping, whole."""
    annotations: Mapping[str, str] = {}
    blkio_config: BlockDevices = BlockDevices()
    build: BuildSection | None = None
    """How its image is built, or ``None`` where an image is named."""
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    configs: tuple[FileReference, ...] = ()
    container_name: str = ""
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_shares: int = 0
    cpus: float = 0
    depends_on: Mapping[str, Dependency] = {}
    deploy: Deploy = Deploy()
    devices: tuple[Device, ...] = ()
    dns: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = {}
    """Its variables; ``None`` unsets one that the image has."""
    expose: tuple[str, ...] = ()
    external_links: tuple[str, ...] = ()
    gpus: tuple[DeviceRequest, ...] = ()
    healthcheck: HealthCheck = HealthCheck()
    ipc: str = ""
    image: str | None = None
    """The image reference as written, or ``None`` for a service that is only built."""
    labels: Mapping[str, str] = {}
    links: tuple[str, ...] = ()
    logging: Logging = Logging()
    mac_address: str = ""
    mem_limit: int = 0
    """In bytes; zero is none."""
    network_mode: str = ""
    networks: Mapping[str, Endpoint] = {}
    """The networks it joins and its settings there; empty with a ``network_mode``."""
    oom_score_adj: int = 0
    pids_limit: int = 0
    pid: str = ""
    platform: str = ""
    ports: tuple[PortMapping, ...] = ()
    """The published ports, in the order of the file."""
    post_start: tuple[Hook, ...] = ()
    pre_stop: tuple[Hook, ...] = ()
    profiles: tuple[str, ...] = ()
    read_only: bool = False
    restart: str = ""
    scale: int | None = None
    secrets: tuple[FileReference, ...] = ()
    security_opt: tuple[str, ...] = ()
    shm_size: int = 0
    stdin_once: bool = field(default=False, name=STDIN_ONCE_KEY)
    stop_grace_period: str = ""
    sysctls: Mapping[str, str] = {}
    tmpfs: tuple[str, ...] = ()
    ulimits: Mapping[str, int | Limit] = {}
    user: str = ""
    volumes: tuple[Mount, ...] = ()
    volumes_from: tuple[str, ...] = ()

    def entries(self, key: str) -> tuple[JsonObject, ...]:
        """The items of a list under ``key`` as they are written, to be handed on with a change."""
        return entries_at(self.spec, key)

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """What it waits for, sorted by service."""
        return tuple(self.depends_on[name] for name in sorted(self.depends_on))

    @property
    def namespace_partners(self) -> tuple[str, ...]:
        """The services whose namespaces it joins."""
        modes = (self.network_mode, self.ipc, self.pid)
        return tuple(mode.removeprefix(OF_SERVICE) for mode in modes if mode.startswith(OF_SERVICE))

    @property
    def has_healthcheck(self) -> bool:
        """Whether the definition itself declares a health check (the image may have one too)."""
        return bool(self.spec.get("healthcheck")) and not self.healthcheck.disable

    @property
    def reserved_memory(self) -> int:
        """Bytes that each of its containers reserves; 0 for none."""
        reserved = self.deploy.resources.reservations.memory or self.spec.get("mem_reservation")
        return reserved if isinstance(reserved, int) else 0

    @property
    def replicas(self) -> int:
        """How many containers it has: ``scale``, else ``deploy.replicas``, else 1."""
        return next((count for count in (self.scale, self.deploy.replicas) if count is not None), 1)


def read_service(name: str, spec: JsonObject) -> Service:
    """The service of that mapping. Raises :class:`ValueError` that names the key whose value has another type."""
    given: dict[str, JsonValue] = {**_present(spec), "name": name, "spec": spec}
    if isinstance(build := given.get("build"), Mapping):
        given["build"] = {**_present(build), "spec": build}
    if isinstance(networks := given.get("networks"), Mapping):
        given["networks"] = {key: {} if value is None else value for key, value in networks.items()}
    if isinstance(others := given.get("depends_on"), Mapping):
        given["depends_on"] = {key: {**as_object(value), "service": key} for key, value in others.items()}
    return convert(given, Service, strict=False)


def _present(table: JsonObject) -> JsonObject:
    """Without what is absent: null, and empty text, which Compose takes for the same."""
    return {key: value for key, value in table.items() if value is not None and value != ""}


NEVER = "no"


def restart_text(policy: JsonValue) -> str:
    """The engine's restart policy as Compose spells it; ``no`` where there is none."""
    said = as_object(policy)
    name, count = as_text(said.get("Name")) or NEVER, said.get("MaximumRetryCount")
    return f"{name}:{count}" if count and name != NEVER else name


def restart_policy(text: str) -> JsonObject:
    """What :func:`restart_text` was made of. Raises :class:`ValueError` for a count that is no number."""
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or "0")}
