"""Wake an environment that sleeps."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.session import Session
from previewer.operations.wake import plan_wake, wake
from previewer.tui.requests.on_environment import EnvironmentRequest
from previewer.tui.requests.request import Done


@dataclass(frozen=True)
class WakeRequest(EnvironmentRequest):
    """Nothing is lost by it, so not even production asks for its name."""

    verb: ClassVar[str] = "wake"
    doing: ClassVar[str] = "waking"
    deed: ClassVar[str] = "Wake it"

    @property
    def title(self) -> str:
        """The question."""
        return f"Wake {self.subject}"

    @property
    def meaning(self) -> str:
        """What comes back."""
        return "Its containers start in the order of its definition, with the volumes and ports that they had."

    @property
    def nothing(self) -> str:
        """It is awake."""
        return "It is awake: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """None."""
        return None

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_wake(session, self.environment.name)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Start it."""
        woken = wake(session, self.environment.name, report=report, cancellation=cancellation).environment
        return Done(woken.urls or (f"{woken.name} is awake",), woken.name)
