"""Who works for a branch or an environment now: the run that began last goes on, the others give way."""

from __future__ import annotations

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """One run's."""

    commit: str
    """The full id of what it freezes or brings up."""
    actor: str
    """Who began it, for people."""
    token: str
    """Its operation's id: tells two runs apart."""
    is_ended: bool = msgspec.field(name="ended", default=False)
    """Whether the run is over, and only those that began before it have not seen its claim yet."""


def gives_way(ours: Claim, stored: Claim | None) -> bool:
    """Whether a run is to stop, given the claim that is stored now.

    Runs overwrite each other's claims, so a foreign one began later. For the same commit both may go on: the one
    finds what the other has built. Nothing is stored where no two runs have met.
    """
    return stored is not None and stored.token != ours.token and stored.commit != ours.commit
