"""One run of an operation: what it works with, where it reports, and what interrupts it."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Report, ignore
from previewer.session.session import Session


class Run(Struct, frozen=True):
    """Given to all that changes something or takes long; what only reads is given the session."""

    session: Session
    report: Report = ignore
    """Where its events go."""
    cancellation: Cancellation = field(default_factory=Cancellation)
    """What an interruption requests."""

    def reporting_to(self, report: Report) -> Run:
        """The same run with its events going elsewhere."""
        return replace(self, report=report)

    def interrupted_by(self, cancellation: Cancellation) -> Run:
        """The same run with another interruption."""
        return replace(self, cancellation=cancellation)
