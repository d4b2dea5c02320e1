"""What one environment is to look like: made of its release, by the same rules as its engine objects were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from msgspec import Struct, field, structs

from previewer.domain.drift.fields import Fields
from previewer.domain.drift.file_places import NOTHING_LEARNT, StartWrites
from previewer.domain.labels import Ownership
from previewer.domain.record.notes import NOTHING_NOTED, EnvironmentNotes, LedgerEntry


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


SLACK = timedelta(seconds=10)
"""Between the ledger's word that a generation begins and the engine's about its first object."""
PRECISION = timedelta(seconds=2)
"""The ledger's times are cut off to the second, and clocks are compared to the second."""
WAKING = timedelta(minutes=10)
"""The longest that a command is taken to last before its entry, where that does not say when it began."""
STOPPING = timedelta(minutes=2)
"""The longest that putting to sleep is taken to last after its entry."""
_STARTS = frozenset({"start", "connect", "create", "update"})
_STOPS = frozenset({"kill", "stop", "die", "disconnect", "update"})
_OWN_ACTIONS: Mapping[str, frozenset[str]] = {
    "sleep": _STOPS,
    "stop": _STOPS,
    "pause": frozenset({"pause"}),
    "start": _STARTS,
    "wake": _STARTS,
    "up": _STARTS,
    **dict.fromkeys(("replace", "update", "promote", "rollback", "recover", "undo"), _STARTS | _STOPS),
}
"""What previewer does to a generation that runs, by the ledger's word for it."""
_MAKING = frozenset({"up", "replace", "update", "promote", "rollback", "recover"})
"""The run that wrote one of these about a generation knows what was done to it."""


class OwnEntries(Struct, frozen=True):
    """What the ledger tells of one generation, every time on the clock that the engine's times are on today."""

    owner: Ownership
    created_at: datetime
    """When it began to be made, as its labels say."""
    entries: tuple[LedgerEntry, ...]
    """History entries, oldest first."""


def own_entries(
    owner: Ownership, entries: Sequence[LedgerEntry], *, engine_ahead: timedelta = timedelta()
) -> OwnEntries:
    """Those of ``entries`` (newest first, as the ledger has them) that are about this generation.

    From the one that noted it on, whatever their times: the clock may have been set since it was made. Each
    says how far the engine was ahead of the clock that it was written by; ``engine_ahead`` is how far it is today.
    Where none noted it (a previewer without notes wrote them, or another clone), by their times.
    """
    about = (entry for entry in entries if entry.environment == owner.environment)
    theirs = list(takewhile(lambda entry: entry.action != "down", about))  # before, others had these numbers
    noted = [number for number, entry in enumerate(theirs) if _notes_the_making(entry, owner)]
    if not noted:
        young = [entry for entry in reversed(theirs) if entry.at >= owner.created_at]
        return OwnEntries(owner, owner.created_at, tuple(sorted(young, key=lambda entry: entry.at)))
    own = theirs[noted[-1] :: -1]
    made = owner.created_at + _clock_change(own[0], engine_ahead)  # its labels were written by the same clock
    return OwnEntries(owner, made, tuple(_shifted(entry, _clock_change(entry, engine_ahead)) for entry in own))


def _clock_change(entry: LedgerEntry, engine_ahead: timedelta) -> timedelta:
    """What is to be added to a time of the entry's so that it is one of today's clock."""
    return timedelta(milliseconds=entry.engine_ahead) - engine_ahead


def _shifted(entry: LedgerEntry, by: timedelta) -> LedgerEntry:
    return structs.replace(entry, at=entry.at + by, began=entry.began + by if entry.began else None)


def own_windows(own: OwnEntries, begun: datetime, *, is_ours: bool = True) -> Iterator[OwnWindow]:
    """When previewer itself did something to this generation, as the ledger tells.

    ``begun`` is when its first object was made. What is not ours may have been put to sleep and woken at any time
    by the clone that made it: its ledger is not here.
    """
    entries, owner = own.entries, own.owner
    if not is_ours and not any(entry.action in _MAKING for entry in entries):
        yield OwnWindow(begun - SLACK, datetime.max.replace(tzinfo=UTC), _STARTS | _STOPS)
    is_told = bool(entries) and entries[0].at >= own.created_at
    made = entries[0].at if is_told else own.created_at + WAKING
    yield OwnWindow(begun - SLACK, made + PRECISION, _STARTS, once=True)
    for number, entry in enumerate(entries):
        if number and entry.action in _OWN_ACTIONS:
            yield _window(entries[number - 1], entry, entries[number + 1 : number + 2], owner)


def _notes_the_making(entry: LedgerEntry, owner: Ownership) -> bool:
    said = entry.notes.get(owner.environment)
    return entry.action in _MAKING and said is not None and said.generation == owner.generation


def _window(before: LedgerEntry, entry: LedgerEntry, later: Sequence[LedgerEntry], owner: Ownership) -> OwnWindow:
    """From when the ledger says that it began until its entry, or until what comes after that is surely over."""
    begin = min(entry.began or max(entry.at - WAKING, before.at), entry.at)
    end = entry.at + PRECISION
    if _is_noted_first(entry, owner):
        end = entry.at + STOPPING
        if later and (following := later[0].began) is not None:
            end = min(end, following + PRECISION)
    return OwnWindow(begin - PRECISION, end, _OWN_ACTIONS[entry.action])


def _is_noted_first(entry: LedgerEntry, owner: Ownership) -> bool:
    """Whether it is noted before it is done: a sleep is, what a rollback or a snapshot stops, and what is kept."""
    said = entry.notes.get(owner.environment)
    return entry.action in ("sleep", "stop", "pause") or (said is not None and said.generation != owner.generation)
