"""Go back to a release that is known to be good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.deploy.plan import Plan
from previewer.domain.environment.environment import Environment
from previewer.domain.progress import Report
from previewer.domain.record.notes import KnownGood
from previewer.operations.rollback import RollbackOptions, plan_rollback, rollback
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.requests.request import Done, EnvironmentRequest, deployed

MOST_OFFERED = 6
"""As many as there are keys for it."""


@dataclass(frozen=True)
class RollbackRequest(EnvironmentRequest):
    """The newest one, or one that is chosen."""

    index: int = 0
    """Which of those that are known to be good."""

    verb: ClassVar[str] = "rollback"
    progress_label: ClassVar[str] = "rolling back"
    label: ClassVar[str] = "Roll it back"

    @property
    def candidates(self) -> tuple[KnownGood, ...]:
        """What it can go back to, newest first."""
        return known_good_others(self.environment)[:MOST_OFFERED]

    @property
    def title(self) -> str:
        """The question."""
        return f"Roll {self.subject} back"

    @property
    def meaning(self) -> str:
        """How it goes."""
        good = self.candidates[self.index]
        if good.generation in self.environment.notes.kept:
            return f"Generation {good.generation} is kept: it starts again, with the volumes that it had."
        return f"Release {short_id(good.release)} starts as a new generation. Volumes start empty."

    @property
    def nothing(self) -> str:
        """Never said: a rollback always has something to do."""
        return "There is nothing to do."

    @property
    def choices(self) -> tuple[str, ...]:
        """The releases."""
        return tuple(f"{short_id(good.release)} (g{good.generation})" for good in self.candidates)

    @property
    def chosen(self) -> int:
        """The release."""
        return self.index

    def choosing(self, index: int) -> RollbackRequest:
        """Another release."""
        return replace(self, index=index)

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_rollback(session, self.environment.name, self._options)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Go back."""
        name = self.environment.name
        return deployed(rollback(Run(session, report, cancellation), name, self._options))

    @property
    def _options(self) -> RollbackOptions:
        return RollbackOptions(release=self.candidates[self.index].release)


def known_good_others(environment: Environment) -> tuple[KnownGood, ...]:
    """The known-good releases of an environment that it does not run, newest first, each once."""
    found: dict[str, KnownGood] = {}
    for good in environment.notes.known_good:
        if good.release != environment.ownership.release:
            found.setdefault(good.release, good)
    return tuple(found.values())
