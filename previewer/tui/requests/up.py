"""Bring up an environment, update it, or replace it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.naming import environment_name
from previewer.domain.progress import Report
from previewer.operations.replace import ReplaceOptions, plan_replace, replace_environment
from previewer.operations.up import UpOptions, plan_up, up
from previewer.operations.update import plan_update, update
from previewer.session.run import Run
from previewer.session.session import Session
from previewer.tui.requests.request import Done, EnvironmentRequest, Request, deployed


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
    progress_label: ClassVar[str] = "going up"
    label: ClassVar[str] = "Bring it up"

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
        return deployed(up(Run(session, report, cancellation), self.revision, options))


@dataclass(frozen=True)
class UpdateRequest(EnvironmentRequest):
    """Replaces an environment by the newest commit of its branch."""

    verb: ClassVar[str] = "update"
    progress_label: ClassVar[str] = "updating"
    label: ClassVar[str] = "Update it"

    @property
    def branch(self) -> str | None:
        """Its branch."""
        return self.environment.ownership.branch

    @property
    def title(self) -> str:
        """The question."""
        return f"Update {self.subject} to the newest commit of {self.branch or 'its branch'}"

    @property
    def meaning(self) -> str:
        """How it goes."""
        return "The newest commit is frozen and starts beside it; the old generation goes once that is healthy."

    @property
    def nothing(self) -> str:
        """It is up to date."""
        return "It runs the newest commit already and is well: there is nothing to do."

    def propose(self, session: Session) -> Plan:
        """The plan."""
        return plan_update(session, self.environment.name, ReplaceOptions())

    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Update it."""
        name, options = self.environment.name, ReplaceOptions()
        return deployed(update(Run(session, report, cancellation), name, options))


@dataclass(frozen=True)
class ReplaceRequest(EnvironmentRequest):
    """The remedy for a tainted one."""

    verb: ClassVar[str] = "replace"
    progress_label: ClassVar[str] = "replacing"
    label: ClassVar[str] = "Replace it"

    @property
    def title(self) -> str:
        """The question."""
        return f"Replace {self.subject}"

    @property
    def meaning(self) -> str:
        """How it goes."""
        return (
            "The same release starts fresh beside it and takes its ports once it is healthy. Volumes start empty."
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
        return deployed(replace_environment(Run(session, report, cancellation), name, options))
