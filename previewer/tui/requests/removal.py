"""Remove environments, and free disk space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.deploy.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.units import counted, format_memory
from previewer.operations.down import down, plan_down
from previewer.operations.prune import PrunePlan, describe, plan_prune, prune
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.requests.request import Done, Request, SeveralRequest


@dataclass(frozen=True)
class DownRequest(SeveralRequest):
    """With everything that belongs to them."""

    verb: ClassVar[str] = "down"
    progress_label: ClassVar[str] = "going down"
    label: ClassVar[str] = "Tear it down"

    @property
    def title(self) -> str:
        """The question."""
        return f"Tear down {self.subject}"

    @property
    def button(self) -> str:
        """The button for one or several environments."""
        return self.label if self.is_one else "Tear them down"

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
        result = down(Run(session, report, cancellation), self.environments)
        removed = f"{counted(len(result.removed), 'object')} removed, none left"
        return Done((removed, *(f"{name} is gone" for name in result.environments)))


@dataclass(frozen=True)
class PruneRequest(Request):
    """Images that nothing needs, and on demand releases too."""

    project: str
    with_releases: bool = False

    verb: ClassVar[str] = "prune"
    progress_label: ClassVar[str] = "pruning"
    label: ClassVar[str] = "Remove all of it"

    @property
    def subject(self) -> str:
        """The project."""
        return self.project

    @property
    def title(self) -> str:
        """The question."""
        return f"Remove unused images and files of {self.project}"

    @property
    def meaning(self) -> str:
        """What stays in any case."""
        return "Never what an environment runs, what a rollback needs, or the newest releases."

    @property
    def nothing(self) -> str:
        """It is clean."""
        return "Everything is needed: there is nothing to remove."

    @property
    def choices(self) -> tuple[str, ...]:
        """With or without releases."""
        return ("images", "images and old releases")

    @property
    def chosen(self) -> int:
        """Which."""
        return int(self.with_releases)

    def choosing(self, index: int) -> PruneRequest:
        """The other."""
        return replace(self, with_releases=bool(index))

    def propose(self, session: Session) -> PrunePlan:
        """What goes."""
        return plan_prune(session, releases=self.with_releases)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Remove it."""
        result = prune(Run(session, report, cancellation), releases=self.with_releases)
        gone = describe(result.removed) or "nothing"
        return Done((f"{gone} removed, {format_memory(result.bytes)} freed",))
