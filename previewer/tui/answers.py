"""Answers of operations that look closely at something, as messages: drift, parity, releases, history."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from previewer.domain.examination import ExaminedContainer
from previewer.domain.history import LedgerEntry
from previewer.domain.parity.compare import Parity
from previewer.errors import PreviewerError
from previewer.operations.diff import Difference
from previewer.operations.drift import EnvironmentDrift
from previewer.operations.inspect import Inspection
from previewer.operations.parity import RolesParity
from previewer.operations.probe import Probed


class DriftsRead(Message):
    """Every environment was looked at."""

    def __init__(self, drifts: Sequence[EnvironmentDrift]) -> None:
        super().__init__()
        self.drifts = tuple(drifts)


class RolesParityRead(Message):
    """Staging and production were compared."""

    def __init__(self, parity: RolesParity) -> None:
        super().__init__()
        self.parity = parity


class DriftRead(Message):
    """One environment was looked at."""

    def __init__(self, drift: EnvironmentDrift, *, is_newly_tainted: bool) -> None:
        super().__init__()
        self.drift = drift
        self.is_newly_tainted = is_newly_tainted
        """Whether the ledger says since this look that somebody touched it."""


class TouchesSeen(Message):
    """Something happened on the engine that may matter."""

    def can_replace(self, message: Message) -> bool:
        """However many there are, one look answers them."""
        return isinstance(message, TouchesSeen)


class TouchesRead(Message):
    """What was done to the environments from outside is known."""

    def __init__(self, drifts: Sequence[EnvironmentDrift], noted: Sequence[str]) -> None:
        super().__init__()
        self.drifts = tuple(drifts)
        """The verdicts on those that were touched; what is in their file systems was not looked at."""
        self.noted = tuple(noted)
        """The names of those that are noted as tainted since this look."""


class TouchesEnded(Message):
    """The engine tells no more: it went away, or closed the stream."""


class ContainersRead(Message):
    """The containers of one environment were inspected."""

    def __init__(self, containers: Sequence[ExaminedContainer]) -> None:
        super().__init__()
        self.containers = tuple(containers)


class HistoryRead(Message):
    """The ledger answered."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        super().__init__()
        self.entries = tuple(entries)


class InspectionRead(Message):
    """What is known of a release is there."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self.inspection = inspection


class ProbeEnded(Message):
    """The declared requests were sent to both sides of a comparison, or could not be."""

    def __init__(
        self, parity: Parity, probed: Sequence[Probed] = (), *, error: PreviewerError | None = None
    ) -> None:
        super().__init__()
        self.parity = parity
        """The very comparison that it was asked for."""
        self.probed = tuple(probed)
        self.error = error
        """Why they could not be."""


class ParityRead(Message):
    """Two sides were compared."""

    def __init__(self, parity: Parity) -> None:
        super().__init__()
        self.parity = parity


class DifferenceRead(Message):
    """What lies between two releases is known."""

    def __init__(self, difference: Difference) -> None:
        super().__init__()
        self.difference = difference


class QuestionFailed(Message):
    """There is no answer to what the receiver asked last."""

    def __init__(self, error: PreviewerError) -> None:
        super().__init__()
        self.error = error
