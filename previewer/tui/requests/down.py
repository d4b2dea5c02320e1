"""Tear environments down."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.wording import counted
from previewer.frozen import dataclass
from previewer.operations.down import down, plan_down
from previewer.operations.session import Session
from previewer.tui.requests.request import Done
from previewer.tui.requests.several import SeveralRequest


@dataclass(frozen=True)
class DownRequest(SeveralRequest):
    """With everything that belongs to them."""

    verb: ClassVar[str] = "down"
    doing: ClassVar[str] = "going down"
    deed: ClassVar[str] = "Tear it down"

    @property
    def title(self) -> str:
        """The question."""
        return f"Tear down {self.subject}"

    @property
    def button(self) -> str:
        """Of one or of several."""
        return self.deed if self.is_one else "Tear them down"

    @property
    def meaning(self) -> str:
        """What is lost."""
        return f"{'Its' if self.is_one else 'Their'} containers, networks and volumes go, with all that they hold."

    @property
    def nothing(self) -> str:
        """It is gone."""
        return "Nothing of it is left: there is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_down(session, self.environments)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Remove them."""
        result = down(session, self.environments, report=report, cancellation=cancellation)
        removed = f"{counted(len(result.removed), 'object')} removed, none left"
        return Done((removed, *(f"{name} is gone" for name in result.environments)))
