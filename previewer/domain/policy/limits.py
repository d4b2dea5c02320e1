"""How much one definition may ask for, and what its services get where they ask for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from previewer.domain.definition import Role
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
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
    max_ttl: timedelta | None = None
    """The longest life that a definition may set for its environments."""
    egress: bool = True
    """Whether environments may reach other machines."""


DEFAULT_LIMITS: Mapping[Role, Limits] = MappingProxyType(
    {
        Role.PREVIEW: Limits(max_pids=4096, max_ttl=timedelta(days=30)),
        Role.STAGING: Limits(),
        Role.PRODUCTION: Limits(max_replicas=50),
    }
)
