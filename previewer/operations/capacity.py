"""Whether there is room for one more environment, asked before anything is made."""

from __future__ import annotations

import time
from collections.abc import Callable

from previewer.domain.addresses import count_free
from previewer.domain.cancellation import Cancellation
from previewer.domain.capacity import Bound, Load, Need, Supply, bounds
from previewer.domain.observation import ContainerState, Observation
from previewer.domain.progress import Noted, Report
from previewer.engine.protocol import Selection
from previewer.errors import CapacityError, TimedOutError
from previewer.frozen import dataclass
from previewer.operations.session import Session

ENDED = (ContainerState.EXITED, ContainerState.DEAD)
"""Containers that use no memory: jobs that are done, generations that are kept stopped."""
POLL_SECONDS = 2.0
"""How often it is looked for room by those who wait for some."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many environments like one still fit."""

    more: int
    """Of them, the one itself included; 0 where not even that fits."""
    bounds: tuple[Bound, ...]
    """What bounds it, tightest first."""

    @property
    def tightest(self) -> Bound | None:
        """What runs out first; ``None`` where nothing does."""
        return self.bounds[0] if self.bounds else None


def measure_room(session: Session, need: Need, everything: Observation, *, replaced: str | None = None) -> Room:
    """How many environments with ``need`` fit; ``replaced`` is the one whose place the first would take.

    ``everything`` is what of previewer's is on the engine, whosever it is. It takes two more calls, however many
    environments there are.
    """
    found = bounds(_supply(session), need, _load(session, everything, replaced), session.settings.quota)
    return Room(found[0].room if found else 0, found)


def room_for_more(session: Session) -> Room:
    """How many environments like the largest of the project fit, of one network where there is none."""
    everything = session.engine.observe(Selection())
    return measure_room(session, typical_need(session, everything), everything)


def typical_need(session: Session, everything: Observation) -> Need:
    """What the largest of the project's environments takes, or one network where there is none."""
    observed = _own(session, everything)
    needs = [_need_of(observed.of(name)) for name in _names(observed)]
    return Need(
        networks=max((need.networks for need in needs), default=1),
        memory=max((need.memory for need in needs), default=0),
    )


def check_capacity(session: Session, need: Need, everything: Observation, *, environment: str) -> None:
    """Raise :class:`CapacityError`, with what is short, unless ``environment`` fits."""
    room = measure_room(session, need, everything, replaced=environment)
    short = [bound for bound in room.bounds if bound.room < 1]
    if short:
        raise CapacityError(
            f"there is no room for it ({', '.join(bound.name for bound in short)})",
            where=environment,
            hint=f"{short[0].hint}; `--queue` waits for room",
            details=tuple(f"{bound.name}: {bound.reason}" for bound in short),
        )


def await_capacity(
    session: Session,
    need: Need,
    *,
    environment: str,
    timeout: float,
    report: Report,
    cancellation: Cancellation,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until ``environment`` fits. Raises :class:`TimedOutError` after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    is_told = False
    while True:
        cancellation.check()
        try:
            check_capacity(session, need, session.engine.observe(Selection()), environment=environment)
            return
        except CapacityError as error:
            if time.monotonic() >= deadline:
                raise TimedOutError(
                    f"no room within {timeout:g} seconds: {error.message}",
                    where=environment,
                    hint="allow more time with --timeout, or make room: see `previewer doctor`",
                    details=error.details,
                ) from error
            if not is_told:
                report(Noted(f"{error.message}; waiting for room", hint="; ".join(error.details)))
                is_told = True
        sleep(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))


def _supply(session: Session) -> Supply:
    found = session.engine.resources()
    settings = session.settings
    return Supply(
        subnets=count_free(settings.address_pool, settings.subnet_prefix, found.subnets),
        memory=found.memory,
        disk=found.free_disk,
    )


def _load(session: Session, everything: Observation, replaced: str | None) -> Load:
    own = _own(session, everything)
    names = _names(own)
    staying = own.of(*(name for name in names if name != replaced))
    return Load(
        memory=_memory(everything),
        own_environments=len([name for name in names if name != replaced]),
        own_memory=_memory(staying),
    )


def _own(session: Session, everything: Observation) -> Observation:
    return everything.of_installation(session.source.installation)


def _names(observed: Observation) -> list[str]:
    return sorted({owner.environment for owner in observed.owners})


def _need_of(observed: Observation) -> Need:
    """Of the newest generation: an older one that is kept or on its way out is not needed twice."""
    newest = max(owner.generation for owner in observed.owners)
    return Need(
        networks=sum(1 for network in observed.networks if network.ownership.generation == newest),
        memory=sum(c.memory for c in observed.containers if c.ownership.generation == newest),
    )


def _memory(observed: Observation) -> int:
    return sum(container.memory for container in observed.containers if container.state not in ENDED)
