"""Run in the next role what an environment has proven."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.naming import environment_name
from previewer.domain.progress import Report
from previewer.operations.promote import PromoteOptions, plan_promote, promote
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.requests.request import Done, EnvironmentRequest, deployed

_TARGETS = ((Role.STAGING, False), (Role.PRODUCTION, False), (Role.PRODUCTION, True))
"""Where to, and whether though staging has not proven it."""


@dataclass(frozen=True)
class PromoteRequest(EnvironmentRequest):
    """The very same images, or nothing."""

    project: str
    to: Role
    is_forced: bool = False
    """Whether production takes what staging has not proven."""

    verb: ClassVar[str] = "promote"
    progress_label: ClassVar[str] = "promoting"
    label: ClassVar[str] = "Promote it"

    @property
    def environments(self) -> tuple[str, ...]:
        """The one that is replaced."""
        return (environment_name(self.project, self.to.value),)

    @property
    def title(self) -> str:
        """The question."""
        return f"Promote {self.subject} to {self.to.value}"

    @property
    def meaning(self) -> str:
        """How it goes."""
        if self.is_forced:
            return "Staging need not have proven it; every other rule holds. The very same images run there."
        return "The very same images run there, beside what runs now, which goes once they are healthy."

    @property
    def nothing(self) -> str:
        """It is there."""
        return f"{self.to.value.capitalize()} runs this very release already: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """Production's name."""
        return self.environments[0] if self.to is Role.PRODUCTION else None

    @property
    def choices(self) -> tuple[str, ...]:
        """Where to; staging goes only to production, and has proven what it runs."""
        return tuple(f"{role.value}{', unproven' if is_forced else ''}" for role, is_forced in self._targets)

    @property
    def chosen(self) -> int:
        """Where to."""
        return self._targets.index((self.to, self.is_forced))

    def choosing(self, index: int) -> PromoteRequest:
        """The same to another role."""
        to, is_forced = self._targets[index]
        return replace(self, to=to, is_forced=is_forced)

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_promote(session, self.environment.name, self._options)

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Promote it."""
        name = self.environment.name
        return deployed(promote(Run(session, report, cancellation), name, self._options))

    @property
    def _options(self) -> PromoteOptions:
        return PromoteOptions(to=self.to, force=self.is_forced)

    @property
    def _targets(self) -> tuple[tuple[Role, bool], ...]:
        if self.environment.role is Role.STAGING:
            return ((Role.PRODUCTION, False),)
        return _TARGETS
