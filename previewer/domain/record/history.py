"""Entries of the ledger, and claims: which run works for a branch or an environment now."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from previewer.domain.record.notes import Notes
from previewer.domain.stored import Instant


class LedgerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of history. It is never changed; what it says stays true."""

    action: str
    """``freeze``, ``up``, ``replace``, ``down``, …"""
    at: Instant
    actor: str
    """User and machine: ``ada@laptop``."""
    environment: str | None = None
    """``None`` for what concerns no environment, a freeze say."""
    release: str | None = None
    commit: str | None = None
    detail: str = ""
    began: Instant | None = None
    """When what was done began, where containers were started or stopped for it; ``at`` is when it was over."""
    engine_ahead: int = 0
    """Milliseconds by which the engine's clock was ahead of the one that ``at`` and ``began`` are of."""
    digests: Mapping[str, str] = msgspec.field(default_factory=dict)
    """SHA-256 of what was written down about the release, by file: where that is edited, it is found."""
    notes: Notes = msgspec.field(default_factory=dict)
    """What is true of environments from now on, by name; of others nothing changes."""


class RunLease(msgspec.Struct, frozen=True):
    """One run's."""

    commit: str
    """The full id of what it freezes or brings up."""
    actor: str
    """Who began it, for people."""
    token: str
    """Its operation's id: tells two runs apart."""
    is_ended: bool = msgspec.field(name="ended", default=False)
    """Whether the run is over, and only those that began before it have not seen its claim yet."""


def is_superseded(ours: RunLease, stored: RunLease | None) -> bool:
    """Whether a run is to stop, given the claim that is stored now.

    Runs overwrite each other's claims, so a foreign one began later. For the same commit both may go on: the one
    finds what the other has built. Nothing is stored where no two runs have met.
    """
    return stored is not None and stored.token != ours.token and stored.commit != ours.commit
