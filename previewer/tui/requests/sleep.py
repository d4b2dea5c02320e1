"""Put environments to sleep."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.session import Session
from previewer.operations.sleep import plan_sleep, sleep
from previewer.tui.requests.request import Done
from previewer.tui.requests.several import SeveralRequest


@dataclass(frozen=True)
class SleepRequest(SeveralRequest):
    """They keep what they stored."""

    verb: ClassVar[str] = "sleep"
    doing: ClassVar[str] = "stopping"
    deed: ClassVar[str] = "Put it to sleep"

    @property
    def title(self) -> str:
        """The question."""
        return f"Put {self.subject} to sleep"

    @property
    def button(self) -> str:
        """Of one or of several."""
        return self.deed if self.is_one else "Put them to sleep"

    @property
    def meaning(self) -> str:
        """What stays."""
        return (
            "The containers are stopped and kept, with their volumes and ports: nobody is served until it wakes."
        )

    @property
    def nothing(self) -> str:
        """It sleeps."""
        return "Nothing of it runs: there is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_sleep(session, self.environments)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Stop them."""
        result = sleep(session, self.environments, report=report, cancellation=cancellation)
        return Done(
            (
                *(f"{name} is asleep" for name in result.environments),
                *(f"{name} was asleep already" for name in result.already_asleep),
            )
        )
