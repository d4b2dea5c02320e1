"""Bring an environment to the tip of its branch."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.replace import ReplaceOptions
from previewer.operations.session import Session
from previewer.operations.update import plan_update, update
from previewer.tui.requests.on_environment import EnvironmentRequest, deployed
from previewer.tui.requests.request import Done


@dataclass(frozen=True)
class UpdateRequest(EnvironmentRequest):
    """By the newest commit."""

    verb: ClassVar[str] = "update"
    doing: ClassVar[str] = "updating"
    deed: ClassVar[str] = "Update it"

    @property
    def branch(self) -> str | None:
        """Its branch."""
        return self.environment.ownership.branch

    @property
    def title(self) -> str:
        """The question."""
        return f"Update {self.subject} to the newest commit of {self.branch or 'its branch'}"

    @property
    def meaning(self) -> str:
        """How it goes."""
        return "The newest commit is frozen and starts beside it; the old generation goes once that is healthy."

    @property
    def nothing(self) -> str:
        """It is up to date."""
        return "It runs the newest commit already and is well: there is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_update(session, self.environment.name, ReplaceOptions())

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Update it."""
        name, options = self.environment.name, ReplaceOptions()
        return deployed(update(session, name, options, report=report, cancellation=cancellation))
