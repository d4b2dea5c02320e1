"""What the run stage asks of an engine. One contract suite (``tests/engine``) holds every implementation to it.

Methods block and may be called from several threads at once. They raise the errors of
``previewer.errors.EngineError``; they never return an SDK's object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from previewer.domain.observation import ContainerState, Health, Observation
from previewer.domain.specification import ContainerSpec, FillSpec, NetworkSpec, VolumeSpec

Batch = TypeVar("Batch", covariant=True)


class Stream(Protocol[Batch]):
    """A blocking iterator of batches. ``close`` may be called from another thread and ends a blocked read."""

    def __iter__(self) -> Iterator[Batch]:
        """Iterate over what arrives until the end or ``close``."""
        ...

    def close(self) -> None:
        """End the stream; a reader that waits sees its end. Closing twice is fine."""
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do. A front end disables what it cannot, with the reason, instead of failing."""

    name: str
    """``Docker 28.5.2``, for people."""
    api_version: tuple[int, int]
    platform: str
    """``linux/amd64``: what it runs."""
    missing: dict[str, str] = field(default_factory=dict)
    """Reasons by ability: ``{"health": "Podman without systemd runs no health checks"}``."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects are meant; ``None`` means any. Objects that are not ours are never meant."""

    installation: str | None = None
    environment: str | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class ContainerDetail:
    """What is asked of a single container, to wait for it or to say why it failed."""

    name: str
    state: ContainerState
    health: Health
    exit_code: int | None
    """``None`` unless it has ended."""
    out_of_memory: bool
    error: str
    """What the engine says of its start; empty if nothing went wrong."""
    health_log: tuple[str, ...]
    """The last outputs of its health check, oldest first, one a run, with the exit code in front."""


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """Something happened to one of our containers."""

    container: str
    """Its name."""
    action: str
    """The engine's word: ``start``, ``die``, ``health_status``, ``destroy``, …"""
    at: datetime


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which part of the logs is wanted."""

    tail: int | None = None
    """Lines from the end, of each container; ``None`` for all."""
    follow: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a container wrote."""

    container: str
    service: str
    at: datetime | None
    text: str
    """Without the line's end; bytes that are not UTF-8 replaced."""
    is_error: bool
    """Whether it came from standard error."""


class Engine(Protocol):
    """An engine that runs containers."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; asked once and kept."""
        ...

    def observe(self, selection: Selection) -> Observation:
        """A snapshot of our containers, networks and volumes, in a constant number of calls."""
        ...

    def create_network(self, spec: NetworkSpec) -> None:
        """Make a network with a free subnet of its pool. :class:`ConflictError` where the pool is full."""
        ...

    def create_volume(self, spec: VolumeSpec) -> None:
        """Make a named volume."""
        ...

    def fill_volume(self, spec: FillSpec) -> None:
        """Unpack an archive into a volume, through a container that is never started and is removed again."""
        ...

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container, joined to its networks, not started. :class:`ConflictError` for a taken name."""
        ...

    def start_container(self, name: str) -> None:
        """Start it. :class:`ConflictError` where a host port is taken. Nothing happens if it runs."""
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

    def watch(self, selection: Selection) -> Stream[Sequence[ContainerEvent]]:
        """What happens to our containers from now on. It ends quietly when the engine goes away."""
        ...

    def logs(self, containers: Sequence[str], options: LogOptions) -> Stream[Sequence[LogLine]]:
        """The lines of several containers, merged as they arrive (by time, where nothing is followed).

        Reading raises :class:`EngineUnreachableError` where the engine goes away under followed ones.
        """
        ...

    def close(self) -> None:
        """Close every connection and stream. Using it afterwards raises :class:`EngineError`."""
        ...
