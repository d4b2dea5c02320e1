"""What an engine was seen to hold, closer than an observation: the facts that drift and parity are judged from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct, field

from previewer.domain.drift.fields import Fields
from previewer.domain.engine.observation import ContainerState
from previewer.domain.labels import NamedRoute, Ownership


class ExaminedContainer(Struct, frozen=True):
    """One of our containers, inspected."""

    id: str
    name: str
    number: int
    ownership: Ownership
    is_one_off: bool
    """Whether it is no part of a service: a debug copy, or one that fills a volume."""
    state: ContainerState
    exit_code: int | None
    """``None`` unless it has ended."""
    created_at: datetime
    started_at: datetime | None
    """When it was started last."""
    restarts: int
    """How often the engine restarted it, as its policy says."""
    out_of_memory: bool
    commands: int
    """Commands running in it at this moment (the engine's exec ids)."""
    fields: Fields
    """The container's normal form."""
    volumes: frozenset[str]
    """The names of the volumes that are mounted, anonymous ones included."""
    mounted: frozenset[str]
    """The paths at which something is mounted, memory included."""
    host_ports: Mapping[str, tuple[int, ...]]
    """Host ports by container port (``8080/tcp``), as requested at creation."""
    names: tuple[NamedRoute, ...] = ()
    """The URLs that a router gives to its ports."""

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return self.ownership.service or ""

    @property
    def state_key(self) -> str:
        """The same until it is started, stopped or recreated: what is known of it then stays true."""
        return f"{self.id} {self.started_at} {self.state.value} {self.restarts}"


class Stranger(Struct, frozen=True):
    """A container that is not ours, and the networks it hangs on."""

    id: str
    name: str
    image: str
    """As it was named when it was made."""
    networks: frozenset[str]
    """The ids of its networks."""
    volumes: frozenset[str] = frozenset()
    """The names of the volumes that it mounts, those by ``--volumes-from`` included."""
    sources: frozenset[str] = frozenset()
    """The host's paths that it mounts."""
    shares: Mapping[str, str] = field(default_factory=dict)
    """The ids of the containers whose namespaces it joins, by which: ``network``, ``pid``, ``ipc``."""


class ExaminedNetwork(Struct, frozen=True):
    """Any network of the engine."""

    id: str
    name: str
    ownership: Ownership | None
    subnets: tuple[str, ...]
    binding: str
    """The host address that it publishes its containers' ports at; empty where each port says its own."""
    fields: Fields


class ExaminedVolume(Struct, frozen=True):
    """Any volume of the engine."""

    name: str
    ownership: Ownership | None
    mountpoint: str
    """Where it is on the engine's host."""
    fields: Fields


class Examination(Struct, frozen=True):
    """One close look, in a constant number of lists and one inspection for each of our containers."""

    containers: tuple[ExaminedContainer, ...] = ()
    strangers: tuple[Stranger, ...] = ()
    networks: tuple[ExaminedNetwork, ...] = ()
    volumes: tuple[ExaminedVolume, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Images' ids by every name that they have."""
    images: frozenset[str] = frozenset()
    """The ids of all images that are there."""


class ChangeKind(Enum):
    """What became of a path of the image."""

    MODIFIED = "modified"
    ADDED = "added"
    DELETED = "deleted"
    REWRITTEN = "rewritten"
    """Other content of the same size, and the time that the image has: a list of changes leaves it out."""


class FileChange(Struct, frozen=True):
    """One path of a container that is not as in its image."""

    path: str
    kind: ChangeKind


class EngineHappening(Struct, frozen=True):
    """One event of the engine, about a container, network or image."""

    kind: str
    """``container``, ``network`` or ``image``."""
    action: str
    """The engine's word without what follows a colon: ``exec_create``."""
    detail: str
    """What follows the colon: the command that was run. It may hold anything: never shown as it is."""
    subject: str
    """The id of the container or network, an image's name."""
    name: str
    at: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)
    """``signal``, ``oldName``, ``container`` (of a network's event), ``exitCode``, …"""
