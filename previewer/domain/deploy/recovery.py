"""What a killed command left of an environment, and how it is brought back to one live generation. Pure.

Three tables say it: which generation is live, what becomes of each one, and what is started again. In the first
two the first row that holds decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum

from msgspec import Struct


class GenerationSeen(Struct, frozen=True):
    """One generation, as far as it matters here."""

    number: int
    is_kept: bool = False
    """Stopped and kept to roll back to, says the ledger."""
    is_serving: bool = False
    """Every container, network and volume of it is there, every service is well, and its ports are where people
    look for them."""
    is_ours: bool = True
    """Made by this clone, whose lock we hold: no other run is at work on it. Another clone's may be."""
    stopped: tuple[str, ...] = ()
    """Its containers that have ports to publish and do not run."""
    running: tuple[str, ...] = ()
    """Its containers that run."""


class Recovery(Struct, frozen=True):
    """What is to be done; nothing where everything is as a command leaves it."""

    live: int | None
    """The generation that counts from now on; ``None`` where there is none."""
    is_news: bool = False
    """Whether the ledger does not know yet that it is live."""
    remove: tuple[int, ...] = ()
    """Generations that were never finished, or had been replaced."""
    start: tuple[str, ...] = ()
    """Containers of the live one that were stopped for a successor that did not come."""
    stop: tuple[str, ...] = ()
    """Containers of kept ones."""

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.is_news or self.remove or self.start or self.stop)


class Noted(Struct, frozen=True):
    """The generation that the ledger calls live."""

    number: int
    """Where the ledger says nothing, the oldest: a successor begins only when all others are gone."""
    is_said: bool
    """Whether the ledger says so."""


class LiveRule(Struct, frozen=True):
    """A row of :data:`WHICH_IS_LIVE`: the newest generation for which it holds is live."""

    because: str
    holds: Callable[[GenerationSeen, Noted], bool]
    is_news: bool = False
    """Whether the ledger has to be told."""


WHICH_IS_LIVE = (
    LiveRule(
        "it is a successor that serves: it has taken over, whatever the ledger knows",
        lambda one, noted: one.number > noted.number and one.is_serving and one.is_ours,
        is_news=True,
    ),
    LiveRule(
        "it is the first and serves: its `up` was killed before it could say so",
        lambda one, noted: one.number == noted.number and not noted.is_said and one.is_serving and one.is_ours,
        is_news=True,
    ),
    LiveRule("the ledger calls it live", lambda one, noted: one.number == noted.number),
    LiveRule("it serves, and the one that the ledger calls live is gone", lambda one, _noted: one.is_serving),
)


class Fate(Enum):
    """What becomes of a generation."""

    STAYS = "stays"
    STOPS = "stops"
    GOES = "goes"


class FateRule(Struct, frozen=True):
    """A row of :data:`WHAT_BECOMES_OF_IT`."""

    because: str
    holds: Callable[[GenerationSeen, int], bool]
    """Given the number of the live one; 0 where there is none."""
    fate: Fate


WHAT_BECOMES_OF_IT = (
    FateRule("it is kept to roll back to", lambda one, _live: one.is_kept, Fate.STOPS),
    FateRule("it is live", lambda one, live: one.number == live, Fate.STAYS),
    FateRule(
        "this clone made it, and no run of it is left to finish it", lambda one, _live: one.is_ours, Fate.GOES
    ),
    FateRule("it was replaced", lambda one, live: one.number < live, Fate.GOES),
    FateRule("another clone may be at work on it", lambda _one, _live: True, Fate.STAYS),
)


class Survivor(Struct, frozen=True):
    """The live generation, and what happened to it."""

    seen: GenerationSeen
    gave_up_ports: bool
    """Whether a successor that goes, or a kept generation that was started, had its ports."""
    is_noted: bool
    """Whether it is the one that the ledger calls live."""
    gave_way: Collection[str]
    """Containers of the noted one that a rollback began to stop."""


class StartRule(Struct, frozen=True):
    """A row of :data:`WHAT_STARTS_AGAIN`; all of them count. What sleeps stays asleep."""

    because: str
    containers: Callable[[Survivor], Iterable[str]]


WHAT_STARTS_AGAIN = (
    StartRule(
        "it was stopped for a successor that did not come",
        lambda one: one.seen.stopped if one.gave_up_ports else (),
    ),
    StartRule(
        "it was stopped for a rollback that did not come to its end",
        lambda one: (name for name in one.gave_way if one.is_noted and name not in one.seen.running),
    ),
)


def recover(
    generations: Sequence[GenerationSeen],
    *,
    noted: int,
    is_asleep: bool = False,
    gave_way: Collection[str] = (),
) -> Recovery:
    """The recovery of an environment of which the ledger calls the generation ``noted`` live (0: it says nothing).

    ``gave_way`` are containers of the noted one that a rollback began to stop.
    """
    candidates = sorted((one for one in generations if not one.is_kept), key=lambda one: -one.number)
    said = Noted(noted or (candidates[-1].number if candidates else 0), is_said=noted != 0)
    live, is_news = _live(candidates, said)
    number = live.number if live else 0
    fates = {one.number: _fate(one, number) for one in generations}
    gone = sorted(number for number, fate in fates.items() if fate is Fate.GOES)
    stop = tuple(name for one in generations if fates[one.number] is Fate.STOPS for name in one.running)
    start: list[str] = []
    if live is not None and not is_asleep:
        gave_up_ports = bool(stop) or any(other > number for other in gone)
        survivor = Survivor(live, gave_up_ports, number == said.number, gave_way)
        start = [name for rule in WHAT_STARTS_AGAIN for name in rule.containers(survivor)]
    return Recovery(live.number if live else None, is_news, tuple(gone), tuple(dict.fromkeys(start)), stop)


def _live(newest_first: Sequence[GenerationSeen], noted: Noted) -> tuple[GenerationSeen | None, bool]:
    """The live generation, and whether that is news to the ledger."""
    for rule in WHICH_IS_LIVE:
        for one in newest_first:
            if rule.holds(one, noted):
                return one, rule.is_news
    return None, False


def _fate(one: GenerationSeen, live: int) -> Fate:
    return next(rule.fate for rule in WHAT_BECOMES_OF_IT if rule.holds(one, live))
