"""Free the disk of what nobody needs."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.memory_size import format_memory
from previewer.domain.progress import Report
from previewer.frozen import dataclass
from previewer.operations.prune import PrunePlan, describe, plan_prune, prune
from previewer.operations.session import Session
from previewer.tui.requests.request import Done, Request


@dataclass(frozen=True)
class PruneRequest(Request):
    """Images that nothing needs, and on demand releases too."""

    project: str
    with_releases: bool = False

    verb: ClassVar[str] = "prune"
    doing: ClassVar[str] = "pruning"
    deed: ClassVar[str] = "Remove all of it"

    @property
    def subject(self) -> str:
        """The project."""
        return self.project

    @property
    def title(self) -> str:
        """The question."""
        return f"Remove what nobody needs of {self.project}"

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
        result = prune(session, releases=self.with_releases, report=report, cancellation=cancellation)
        gone = describe(result.removed) or "nothing"
        return Done((f"{gone} removed, {format_memory(result.bytes)} freed",))
