"""Whether there is room for one more environment, asked before anything is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from previewer.domain.engine.addresses import count_free
from previewer.domain.engine.capacity import Bound, Load, Need, Supply, bounds
from previewer.domain.engine.observation import ContainerState, Observation
from previewer.domain.progress import Noted
from previewer.engine.protocol import Selection
from previewer.errors import CapacityError, TimedOutError
from previewer.session.run import Run
from previewer.session.session import Session

ENDED = (ContainerState.EXITED, ContainerState.DEAD)
"""Containers that use no memory: jobs that are done, generations that are kept stopped."""
POLL_SECONDS = 2.0
"""How often it is looked for room by those who wait for some."""


class Capacity(Struct, frozen=True):
    """How many environments like one still fit."""

    more: int
    """How many more of them fit, this one included; 0 where not even this one does."""
    bounds: tuple[Bound, ...]
    """What bounds it, tightest first."""

    @property
    def tightest(self) -> Bound | None:
        """What runs out first; ``None`` where nothing does."""
        return self.bounds[0] if self.bounds else None


def measure_capacity(
    session: Session,
    need: Need,
    everything: Observation,
    *,
    replaced: str | None = None,
    others: Mapping[str, Need] | None = None,
) -> Capacity:
    """How many environments with ``need`` fit; ``replaced`` is the one whose place the first would take.

    ``everything`` is what of previewer's is on the engine, whosever it is; ``others`` are environments of the
    project that are being made, by name. It takes two more calls, however many environments there are.
    """
    being_made = others or {}
    supply, load = _supply(session, everything, being_made), _load(session, everything, replaced, being_made)
    found = bounds(supply, need, load, session.settings.quota)
    return Capacity(found[0].free_capacity if found else 0, found)


def capacity_for_more(session: Session) -> Capacity:
    """How many environments like the largest of the project fit, of one network where there is none."""
    everything = session.engine.observe(Selection())
    return measure_capacity(session, typical_need(session, everything), everything)


def is_there_any_capacity(session: Session) -> bool:
    """Whether the smallest environment would fit: one network, and no limit of memory."""
    return measure_capacity(session, Need(networks=1), session.engine.observe(Selection())).more > 0


def typical_need(session: Session, everything: Observation) -> Need:
    """What the largest of the project's environments takes, or one network where there is none."""
    observed = _own(session, everything)
    needs = [_need_of(observed.of(name)) for name in _names(observed)]
    return Need(
        networks=max((need.networks for need in needs), default=1),
        memory=max((need.memory for need in needs), default=0),
    )


@contextmanager
def room_for(
    run: Run, need: Need, everything: Observation, *, environment: str, patience: float | None
) -> Iterator[bool]:
    """Keep room for ``environment`` inside the block, which is told whether time went by until there was some.

    Raises :class:`CapacityError` where there is none and ``patience`` (seconds) is ``None``, and
    :class:`TimedOutError` where there is none by then.
    """
    try:
        try:
            _enter(run.session, need, everything, environment)
            has_waited = False
        except CapacityError:
            if patience is None:
                raise
            has_waited = True
            await_capacity(run, need, environment=environment, timeout=patience)
        yield has_waited
    finally:
        run.session.capacity_reservations.release_reservation(environment)


def _enter(session: Session, need: Need, everything: Observation | None, environment: str) -> None:
    def check(others: Mapping[str, Need]) -> None:
        is_current = everything is not None and not session.capacity_reservations.is_used
        seen = everything if is_current and everything is not None else session.engine.observe(Selection())
        check_capacity(session, need, seen, environment=environment, others=others)

    session.capacity_reservations.reserve(environment, need, check)


def check_capacity(
    session: Session,
    need: Need,
    everything: Observation,
    *,
    environment: str,
    others: Mapping[str, Need] | None = None,
) -> None:
    """Raise :class:`CapacityError`, with what is short, unless ``environment`` fits beside ``others``."""
    free_capacity = measure_capacity(session, need, everything, replaced=environment, others=others)
    short = [bound for bound in free_capacity.bounds if bound.free_capacity < 1]
    if short:
        raise CapacityError(
            f"there is no room for it ({', '.join(bound.name for bound in short)})",
            where=environment,
            hint=f"{short[0].hint}; `--queue` waits for room",
            details=tuple(f"{bound.name}: {bound.reason}" for bound in short),
        )


def await_capacity(
    run: Run, need: Need, *, environment: str, timeout: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until ``environment`` fits, and keep the room. Raises :class:`TimedOutError` after ``timeout`` seconds.

    :meth:`CapacityReservations.release_reservation` gives it back.
    """
    deadline = time.monotonic() + timeout
    is_told = False
    while True:
        run.cancellation.check()
        try:
            _enter(run.session, need, None, environment)
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
                run.report(Noted(f"{error.message}; waiting for room", hint="; ".join(error.details)))
                is_told = True
        sleep(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))


def _supply(session: Session, everything: Observation, others: Mapping[str, Need]) -> Supply:
    """Networks come first, so that those of an environment that is seen are seen too."""
    found = session.engine.resources()
    settings = session.settings
    free = count_free(settings.address_pool, settings.subnet_prefix, found.subnets)
    seen = _names(_own(session, everything))
    return Supply(
        subnets=free - sum(need.networks for name, need in others.items() if name not in seen),
        memory=found.memory,
        disk=found.free_disk,
        reservable=found.reservable,
    )


def _load(session: Session, everything: Observation, replaced: str | None, others: Mapping[str, Need]) -> Load:
    own = _own(session, everything)
    names = {*_names(own), *others} - {replaced}
    not_yet = sum(max(0, need.memory - _memory(own.of(name))) for name, need in others.items())
    return Load(
        memory=_memory(everything) + not_yet,
        own_environments=len(names),
        own_memory=_memory(own.of(*names)) + not_yet,
    )


def _own(session: Session, everything: Observation) -> Observation:
    return everything.of_installation(session.source.installation)


def _names(observed: Observation) -> list[str]:
    return sorted({owner.environment for owner in observed.owners})


def _need_of(observed: Observation) -> Need:
    """The need of the newest generation: one that is kept or being removed is not needed twice."""
    newest = max(owner.generation for owner in observed.owners)
    return Need(
        networks=sum(1 for network in observed.networks if network.ownership.generation == newest),
        memory=sum(c.memory for c in observed.containers if c.ownership.generation == newest),
    )


def _memory(observed: Observation) -> int:
    return sum(container.memory for container in observed.containers if container.state not in ENDED)
