"""An entry of the ledger: one thing that was done, by whom, to which environment, with which release."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from previewer.domain.notes import Notes
from previewer.domain.stored import Instant


class LedgerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of history. It is never changed; what it says stays true."""

    action: str
    """``freeze``, ``up``, ``replace``, ``down``, …"""
    at: Instant
    actor: str
    """``ada@laptop``."""
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
