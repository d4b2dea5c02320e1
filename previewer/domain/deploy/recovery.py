"""What a killed command left of an environment, and how it is brought back to one live generation. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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


def recover(
    generations: Sequence[GenerationSeen],
    *,
    noted: int,
    is_asleep: bool = False,
    gave_way: Collection[str] = (),
) -> Recovery:
    """The recovery of an environment of which the ledger calls the generation ``noted`` live (0: it says nothing).

    Where it says nothing, the oldest is taken for the live one: a successor begins only when all others are gone.
    That is news if it serves and is ours: its `up` was killed before it could say so.

    A successor that serves where people look has taken over, whatever the ledger knows; any other is undone, and
    what it had stopped is started again. What sleeps stays asleep. ``gave_way`` are containers of the noted one
    that a rollback began to stop: they are started again too, unless they run.
    """
    candidates = sorted((seen for seen in generations if not seen.is_kept), key=lambda seen: -seen.number)
    first = next(iter(candidates[-1:]), None) if not noted else None
    noted = first.number if first else noted
    newer = [seen for seen in candidates if seen.number > noted]
    taken = next((seen for seen in newer if seen.is_serving and seen.is_ours), None)
    live = taken or next((seen for seen in candidates if seen.number == noted), None)
    if live is None:
        live = next((seen for seen in candidates if seen.is_serving), None)
    number = live.number if live else 0
    remove = tuple(
        seen.number for seen in candidates if seen is not live and (seen.is_ours or seen.number < number)
    )
    restarted = tuple(name for seen in generations if seen.is_kept for name in seen.running)
    is_back = live is not None and live.number == noted and not is_asleep
    halted = [name for name in gave_way if live is not None and is_back and name not in live.running]
    was_disturbed = bool(restarted) or any(removed > number for removed in remove)
    disturbed = live.stopped if live and was_disturbed and not is_asleep else ()
    return Recovery(
        live=live.number if live else None,
        is_news=taken is not None or (first is not None and live is first and first.is_serving and first.is_ours),
        remove=tuple(sorted(remove)),
        start=tuple(dict.fromkeys((*disturbed, *halted))),
        stop=restarted,
    )
