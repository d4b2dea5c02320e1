"""Keep an environment until somebody removes it by name, or let it expire again."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.extend import ExtendResult
from previewer.operations.pin import pin, plan_pin
from previewer.operations.session import Session
from previewer.tui.requests.on_environment import EnvironmentRequest
from previewer.tui.requests.request import Done


@dataclass(frozen=True)
class PinRequest(EnvironmentRequest):
    """Pins what is not pinned, and unpins what is."""

    verb: ClassVar[str] = "pin"
    doing: ClassVar[str] = "pinning"
    deed: ClassVar[str] = "Pin it"
    is_quick: ClassVar[bool] = True

    @property
    def is_pinned(self) -> bool:
        """What it is to be."""
        return not self.environment.notes.pinned

    @property
    def button(self) -> str:
        """The one or the other."""
        return self.deed if self.is_pinned else "Unpin it"

    @property
    def title(self) -> str:
        """The question."""
        return f"{'Pin' if self.is_pinned else 'Unpin'} {self.subject}"

    @property
    def meaning(self) -> str:
        """What it means."""
        if self.is_pinned:
            return "It does not expire any more, and stays until somebody removes it by name."
        return "It expires again when it would have without a pin."

    @property
    def nothing(self) -> str:
        """It is so."""
        return f"It is {'pinned' if self.is_pinned else 'not pinned'} already: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """None: nothing is lost by it."""
        return None

    def propose(self, session: Session) -> ExtendResult:
        """How long it would live."""
        return plan_pin(session, self.environment.name, is_pinned=self.is_pinned)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Note it."""
        del report, cancellation
        pin(session, self.environment.name, is_pinned=self.is_pinned)
        return Done(("pinned" if self.is_pinned else "not pinned any more",), self.environment.name)
