"""Replace an environment by a new generation of its own release."""

from __future__ import annotations

from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.replace import ReplaceOptions, plan_replace, replace_environment
from previewer.operations.session import Session
from previewer.tui.requests.on_environment import EnvironmentRequest, deployed
from previewer.tui.requests.request import Done


@dataclass(frozen=True)
class ReplaceRequest(EnvironmentRequest):
    """The remedy for one that somebody touched."""

    verb: ClassVar[str] = "replace"
    doing: ClassVar[str] = "replacing"
    deed: ClassVar[str] = "Replace it"

    @property
    def title(self) -> str:
        """The question."""
        return f"Replace {self.subject}"

    @property
    def meaning(self) -> str:
        """How it goes."""
        return (
            "The same release starts anew beside it and takes its ports once it is healthy. Volumes start empty."
        )

    @property
    def nothing(self) -> str:
        """Never said: a replacement always has something to do."""
        return "There is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_replace(session, self.environment.name, ReplaceOptions())

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Replace it."""
        name, options = self.environment.name, ReplaceOptions()
        return deployed(replace_environment(session, name, options, report=report, cancellation=cancellation))
