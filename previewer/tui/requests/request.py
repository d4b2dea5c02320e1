"""What all requests have: words for the screen that confirms them, and the environments they are about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

from previewer.deployment.deployment import UpResult
from previewer.domain.cancellation import Cancellation
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.environment.environment import Environment
from previewer.domain.progress import Report
from previewer.operations.extend import ExtendResult
from previewer.operations.prune import PrunePlan
from previewer.session.session import Session

Proposal: TypeAlias = Plan | ExtendResult | PrunePlan
"""What would happen, as the operations say it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    outcome: tuple[str, ...]
    """A line each: URLs, names of what is gone."""
    environment: str | None = None
    """What came up, if anything did."""


class Request(ABC):
    """One deed. The properties are for the user interface's thread, ``propose`` and ``perform`` for others."""

    verb: ClassVar[str]
    """The command's name."""
    progress_label: ClassVar[str]
    """What stands in the row of an environment meanwhile; at most 13 characters."""
    label: ClassVar[str]
    """What the button says."""
    other: ClassVar[str] = ""
    """What may be typed instead of a choice, as an example; empty where nothing may."""
    is_quick: ClassVar[bool] = False
    """Whether it is over at once: it is announced then, and has no screen of its own."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is done to, for people."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The question, without its mark."""

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What it means, in a sentence or two."""

    @property
    @abstractmethod
    def nothing(self) -> str:
        """What is said where there is nothing to do."""

    @property
    def button(self) -> str:
        """What the button says."""
        return self.label

    @property
    def branch(self) -> str | None:
        """The branch whose row shows it."""
        return None

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of the environments whose rows show it."""
        return ()

    @property
    def dangerous_name(self) -> str | None:
        """The name that has to be typed: production's, where it is at stake."""
        return None

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen, with the keys 1, 2, …; none for a deed without variants."""
        return ()

    @property
    def chosen(self) -> int:
        """The index of what is chosen; -1 for what was typed instead."""
        return 0

    def choosing(self, index: int) -> Self:
        """The same with another choice."""
        del index
        return self

    def typing(self, text: str) -> Self:
        """The same with what was typed instead of a choice."""
        del text
        return self

    @abstractmethod
    def propose(self, session: Session) -> Proposal:
        """What would happen."""

    @abstractmethod
    def perform(self, session: Session, *, report: Report, cancellation: Cancellation) -> Done:
        """Do it."""


@dataclass(frozen=True)
class EnvironmentRequest(Request):
    """A deed that concerns one environment; production's is dangerous."""

    environment: Environment

    @property
    def subject(self) -> str:
        """Its name."""
        return self.environment.name

    @property
    def environments(self) -> tuple[str, ...]:
        """Itself."""
        return (self.environment.name,)

    @property
    def dangerous_name(self) -> str | None:
        """Production's name."""
        return self.environment.name if self.environment.role is Role.PRODUCTION else None


def deployed(result: UpResult) -> Done:
    """A deployment's URLs, else that it is up; and how long the downtime was."""
    environment = result.environment
    downtime = result.downtime_seconds
    taken = (f"the ports were handed over within {downtime:.2f} s",) if downtime is not None else ()
    return Done((*(environment.urls or (f"{environment.name} is up",)), *taken), environment.name)


@dataclass(frozen=True)
class SeveralRequest(Request):
    """A deed that concerns environments; where production is among them it is dangerous."""

    chosen_environments: tuple[Environment, ...]

    @property
    def environments(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(environment.name for environment in self.chosen_environments)

    @property
    def subject(self) -> str:
        """The names, or how many there are."""
        names = self.environments
        return names[0] if len(names) == 1 else f"{len(names)} environments"

    @property
    def dangerous_name(self) -> str | None:
        """Production's name."""
        return next((e.name for e in self.chosen_environments if e.role is Role.PRODUCTION), None)

    @property
    def is_one(self) -> bool:
        """Whether there is only one."""
        return len(self.chosen_environments) == 1
