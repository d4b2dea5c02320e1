"""Bring up an environment of a revision."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Role
from previewer.domain.naming import environment_name
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.revision import short_id
from previewer.frozen import dataclass
from previewer.operations.session import Session
from previewer.operations.up import UpOptions, plan_up, up
from previewer.tui.requests.on_environment import deployed
from previewer.tui.requests.request import Done, Request


@dataclass(frozen=True)
class UpRequest(Request):
    """As a preview, as staging or as production."""

    revision: str
    """A branch's name or a commit's id."""
    project: str
    role: Role = Role.PREVIEW
    of_branch: str | None = None
    """The branch that it is for; ``None`` for a bare commit."""

    verb: ClassVar[str] = "up"
    doing: ClassVar[str] = "going up"
    deed: ClassVar[str] = "Bring it up"

    @property
    def branch(self) -> str | None:
        """Its branch's row shows it."""
        return self.of_branch

    @property
    def subject(self) -> str:
        """The revision."""
        return self.of_branch or short_id(self.revision)

    @property
    def title(self) -> str:
        """The question."""
        return f"Bring up {self.subject}"

    @property
    def meaning(self) -> str:
        """Freeze, then run."""
        return "The commit is frozen into images, then runs from these. A failure undoes all of it."

    @property
    def nothing(self) -> str:
        """It runs."""
        return "It runs this very commit already and is well: there is nothing to do."

    @property
    def dangerous_name(self) -> str | None:
        """Production's name."""
        return environment_name(self.project, self.role.value) if self.role is Role.PRODUCTION else None

    @property
    def choices(self) -> tuple[str, ...]:
        """The roles."""
        return tuple(role.value for role in Role)

    @property
    def chosen(self) -> int:
        """The role."""
        return list(Role).index(self.role)

    def choosing(self, index: int) -> UpRequest:
        """The same in another role."""
        return replace(self, role=list(Role)[index])

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_up(session, self.revision, UpOptions(role=self.role))

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Bring it up."""
        options = UpOptions(role=self.role)
        return deployed(up(session, self.revision, options, report=report, cancellation=cancellation))
