"""What one environment is to look like: made of its release, by the same rules as its engine objects were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from previewer.domain.drift.fields import Fields
from previewer.domain.drift.start_writes import NOTHING_LEARNT, StartWrites
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import NOTHING_NOTED, EnvironmentNotes


class FrozenContainer(Struct, frozen=True):
    """One container as it was asked for."""

    name: str
    service: str
    number: int
    fields: Fields | None
    """``None`` where it is unknown, because its image is gone."""
    copied: tuple[str, ...] = ()
    """Paths of the configs and secrets that were copied into it."""
    is_server: bool = False
    """Whether it is to run for ever: it publishes a port or has a health check."""
    writable: tuple[str, ...] = ()
    """Directories that it may write to."""
    edge: str = ""
    """The network that its published ports were taken over with, if they were."""


class OwnWindow(Struct, frozen=True):
    """A span of time in which previewer itself did something to the environment."""

    begin: datetime
    end: datetime
    actions: frozenset[str]
    """The engine's words for what it did."""
    once: bool = False
    """Whether it did so once to each container: a second time was another client."""

    def covers(self, action: str, at: datetime) -> bool:
        """Whether this was ours."""
        return action in self.actions and self.begin <= at <= self.end


class FrozenEnvironment(Struct, frozen=True):
    """One generation as it was asked for."""

    ownership: Ownership
    containers: tuple[FrozenContainer, ...]
    networks: Mapping[str, Fields]
    """Networks by their name on the engine; a subnet that the definition names is the field ``subnets``."""
    volumes: Mapping[str, Fields]
    begun: datetime
    """When its first object was made, on the clock of this look."""
    notes: EnvironmentNotes = NOTHING_NOTED
    references: Mapping[str, str] = field(default_factory=dict)
    """Images' ids by the names that the definition, or the build, gave them."""
    address: str = ""
    """The host address of its published ports, where its networks decide about that."""
    address_pool: str = ""
    """The range that subnets come from."""
    looks_at_files: bool = True
    """Whether ``x-previewer.immutability`` is anything but ``off``."""
    start_writes: StartWrites = NOTHING_LEARNT
    """What its release's fresh generations write."""
    windows: tuple[OwnWindow, ...] = ()
    unjudged: str = ""
    """Why its specification can't be judged; empty where it can."""

    @property
    def name(self) -> str:
        """The environment's."""
        return self.ownership.environment
