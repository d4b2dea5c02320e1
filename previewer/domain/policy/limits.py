"""How much one definition may ask for, and what its services get where they ask for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from msgspec import Struct

from previewer.domain.compose.definition import Role


class Limits(Struct, frozen=True):
    """The quantities of one role. ``None`` is no limit."""

    pids: int | None = 512
    """Processes of a container whose service sets no limit."""
    memory: int | None = None
    """Bytes of memory of a container whose service sets no limit."""
    cpus: float | None = None
    """Processors of a container whose service sets no limit."""
    max_pids: int | None = None
    """The most processes that a service may set."""
    max_memory: int | None = None
    """The most bytes of memory that a service may set."""
    max_cpus: float | None = None
    """The most processors that a service may set."""
    max_services: int | None = 100
    """Services of one definition."""
    max_replicas: int | None = 10
    """Containers of one service."""
    max_containers: int | None = 200
    """Containers of one environment."""
    max_ports: int | None = 100
    """Published ports of one environment, those of each container counted; and ports that one service exposes."""
    max_volumes: int | None = 100
    """Volumes of one environment, anonymous ones counted; and mounts of one service."""
    max_networks: int | None = 20
    """Networks of one environment."""
    max_shm_size: int | None = 1 << 30
    """The most bytes of shared memory that a service, or a build, may set."""
    max_tmpfs_size: int | None = 1 << 30
    """The most bytes that the memory mounts of a service may have together, or a volume of memory."""
    max_cpu_shares: int | None = 1024
    """The most weight that a service may have against others; the engine's default is 1024."""
    min_health_interval: float = 1.0
    """The least seconds between two health checks."""
    max_stop_grace: float | None = 300.0
    """The most seconds that a service may take to end."""
    max_ttl: timedelta | None = None
    """The longest life that a definition may set for its environments."""
    egress: bool = True
    """Whether environments may reach other machines."""


DEFAULT_LIMITS: Mapping[Role, Limits] = MappingProxyType(
    {
        Role.PREVIEW: Limits(max_pids=4096, max_ttl=timedelta(days=30)),
        Role.STAGING: Limits(max_cpu_shares=None),
        Role.PRODUCTION: Limits(max_replicas=50, max_containers=500, max_cpu_shares=None),
    }
)
