"""What is noted of an environment when one generation takes the place of another. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import Struct

from previewer.domain.environment.environment import SERVING, Environment
from previewer.domain.record.notes import EnvironmentNotes, KnownGood

REMEMBERED = 20
"""Known-good releases of an environment; older ones are forgotten."""


class Rollover(Struct, frozen=True):
    """The notes after a takeover, and what becomes of the generation that was replaced."""

    notes: EnvironmentNotes
    keeps: bool
    """Whether the replaced generation is stopped and kept; else it is removed."""


def roll_over(
    before: EnvironmentNotes,
    replaced: Environment | None,
    *,
    generation: int,
    release: str,
    now: datetime,
    keep: int,
    expires_at: datetime | None = None,
    keeps_extension: bool = True,
    is_rollback: bool = False,
) -> Rollover:
    """The succession of ``generation``, which runs ``release``, in the place of ``replaced``.

    A pin is the environment's and stays. So does an extension beyond ``expires_at``, which the labels of the new
    generation say, unless ``keeps_extension`` is false because the user gave another lifetime.

    A release is known to be good if it served, untouched, until another one took its place, and did not leave
    because it was rolled back. Only such a generation is kept, ``keep`` of them at most, and none of the same
    release: a rollback goes past it to the one whose place it would take.
    """
    is_good = replaced is not None and not is_rollback and not replaced.is_tainted and replaced.state in SERVING
    known, kept = before.known_good, tuple(number for number in before.kept if number != generation)
    is_other = replaced is not None and replaced.ownership.release != release
    if replaced is not None and is_good and is_other:
        owner = replaced.ownership
        good = KnownGood(owner.release, owner.commit, owner.generation, now)
        known = (good, *(old for old in known if old.release != owner.release))
    keeps = is_good and is_other and keep > 0
    if replaced is not None and keeps:
        kept = (replaced.ownership.generation, *kept)
    notes = EnvironmentNotes(
        generation=generation,
        expires_at=_extension(replaced, expires_at) if keeps_extension else None,
        pinned=replaced is not None and before.pinned,
        shares=before.shares if replaced is not None else (),
        kept=kept[:keep],
        known_good=known[:REMEMBERED],
    )
    return Rollover(notes, keeps)


def _extension(replaced: Environment | None, expires_at: datetime | None) -> datetime | None:
    """Until when the environment was extended, where its new generation would not live as long."""
    if replaced is None or replaced.notes.expires_at is None:
        return None
    extended = replaced.notes.expires_at + replaced.clock_change
    return extended if expires_at and extended > expires_at else None


def left_data(
    volumes: Collection[str],
    *,
    generation: int,
    keeps: bool,
    returns: int | None = None,
    begins_with: Collection[str] = (),
    others_go_on: bool = False,
) -> Iterator[str]:
    """What becomes of the data in ``volumes`` of the replaced ``generation``, in one line; none without volumes.

    ``keeps`` as in :class:`Rollover`. ``returns`` is the generation that is started again, with its own volumes,
    in a rollback; ``None`` for a new one, some of whose volumes begin with what ``begins_with`` says. Where
    ``others_go_on``, with what they held, these are named.
    """
    if not volumes:
        return
    names = ", ".join(sorted(volumes))
    fate = "stays with {}, which is kept to roll back to" if keeps else "is deleted with {}"
    start, begin = ("starts", "begins") if others_go_on and len(volumes) == 1 else ("start", "begin")
    how = f"{begin} with {', '.join(sorted(begins_with))}" if begins_with else f"{start} empty"
    then = (
        f"{names if others_go_on else 'volumes'} {how}"
        if returns is None
        else f"volumes are as generation {returns} left them"
    )
    yield f"data is left behind: {then}, and what is in {names} now {fate.format(f'generation {generation}')}"
