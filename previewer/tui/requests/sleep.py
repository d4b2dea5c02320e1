"""Put environments to sleep, and wake them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.plan import Plan
from previewer.domain.progress import Report
from previewer.operations.sleep import plan_sleep, sleep
from previewer.operations.wake import plan_wake, wake
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.requests.request import Done, EnvironmentRequest, SeveralRequest


@dataclass(frozen=True)
class SleepRequest(SeveralRequest):
    """They keep what they stored."""

    verb: ClassVar[str] = "sleep"
    progress_label: ClassVar[str] = "stopping"
    label: ClassVar[str] = "Put it to sleep"

    @property
    def title(self) -> str:
        """The question."""
        return f"Put {self.subject} to sleep"

    @property
    def button(self) -> str:
        """The button for one or several environments."""
        return self.label if self.is_one else "Put them to sleep"

    @property
    def meaning(self) -> str:
        """What stays."""
        return "The containers are stopped and kept, with their volumes and ports: nothing answers until it wakes."

    @property
    def nothing(self) -> str:
        """It sleeps."""
        return "Nothing of it runs: there is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_sleep(session, self.environments)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Stop them."""
        result = sleep(Run(session, report, cancellation), self.environments)
        return Done(
            (
                *(f"{name} is asleep" for name in result.environments),
                *(f"{name} was asleep already" for name in result.already_asleep),
            )
        )


@dataclass(frozen=True)
class WakeRequest(EnvironmentRequest):
    """Nothing is lost by it, so not even production asks for its name."""

    verb: ClassVar[str] = "wake"
    progress_label: ClassVar[str] = "waking"
    label: ClassVar[str] = "Wake it"

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
        woken = wake(Run(session, report, cancellation), self.environment.name).environment
        return Done(woken.urls or (f"{woken.name} is awake",), woken.name)
