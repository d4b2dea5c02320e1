"""Who holds a lock, and whether that process still lives."""

from __future__ import annotations

import msgspec

from previewer.domain.labels import format_time
from previewer.domain.stored import Instant
from previewer.process_identity import ProcessIdentity, is_dead


class LockOwner(msgspec.Struct, frozen=True):
    """Who holds a lock, where, since when and why."""

    actor: str
    process: ProcessIdentity
    since: Instant
    purpose: str
    """``up shop-main``, for people."""
    token: str
    """Random: tells apart two locks that one process took in one second."""

    @property
    def is_dead(self) -> bool:
        """Whether the owner certainly does not exist any more."""
        return is_dead(self.process)

    def describe(self) -> tuple[str, ...]:
        """Lines for people."""
        return (
            f"held by {self.actor}, process {self.process.pid} on {self.process.host}",
            f"since {format_time(self.since)}",
            f"to {self.purpose}",
        )
