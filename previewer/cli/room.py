"""Say how many more environments fit."""

from __future__ import annotations

from previewer.cli.diagnostics import Diagnostics
from previewer.domain.capacity import need_of_plan
from previewer.domain.plan import Plan
from previewer.domain.wording import counted
from previewer.engine.protocol import Selection
from previewer.operations.generations.capacity import Room, measure_room
from previewer.operations.session import Session

FEW = 10
"""From so many on nobody has to be told."""


def note_room(diagnostics: Diagnostics, plan: Plan, session: Session) -> None:
    """How often ``plan`` could be carried out; nothing where it makes nothing."""
    if not len(plan):
        return
    room = measure_room(
        session,
        need_of_plan(plan, subnet_prefix=session.settings.subnet_prefix),
        session.engine.observe(Selection()),
    )
    diagnostics.note(*room_words(room))


def note_scarcity(diagnostics: Diagnostics, room: Room) -> None:
    """How many more environments fit, if they are few."""
    if room.more < FEW:
        diagnostics.note(*room_words(room))


def room_words(room: Room) -> tuple[str, str]:
    """How many fit, and what bounds them."""
    tightest = room.tightest
    if room.more:
        return f"room for {counted(room.more, 'environment')} like it", tightest.reason if tightest else ""
    return "no room for it", f"{tightest.reason}; {tightest.hint}" if tightest else ""
