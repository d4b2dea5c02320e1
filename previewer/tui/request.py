"""A job that has yet to be confirmed: what kind it is, what it is done to, which variant of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.deployment import UpResult
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment, OverviewRow
from previewer.operations.extend import ExtendResult
from previewer.operations.prune import PrunePlan
from previewer.operations.rollback import RollbackOptions
from previewer.session.run import Run
from previewer.session.session import Session

Proposal: TypeAlias = Plan | ExtendResult | PrunePlan | tuple[str, ...]
"""What would happen, as the operations say it; some say it in lines."""
Option: TypeAlias = Role | DeployRequest | RollbackOptions | str | bool | None
"""What a variant of a job hands to its operation."""


class Done(Struct, frozen=True):
    """The result of a job."""

    outcome: tuple[str, ...]
    """A line each: URLs, names of what is gone."""
    environment: str | None = None
    """The name of the environment that came up, if any did."""


def deployed(result: UpResult) -> Done:
    """A deployment's URLs, else that it is up; and how long the downtime was."""
    environment, downtime = result.environment, result.downtime_seconds
    taken = (f"downtime {downtime:.2f} s",) if downtime is not None else ()
    return Done((*(environment.urls or (f"{environment.name} is up",)), *taken), environment.name)


class Choice(Struct, frozen=True):
    """A variant of a job."""

    label: str
    option: Option
    flags: tuple[str, ...] = ()
    """The same on the command line."""


class Request(Struct, frozen=True):
    """A job that has yet to be confirmed."""

    kind: JobKind
    project: str
    environments: tuple[Environment, ...] = ()
    revision: str = ""
    """A branch's name or a commit's id, for what is brought up; the release, the snapshot or the environment that
    it is about besides, for others."""
    branch: str | None = None
    """The branch whose row shows it."""
    index: int = 0
    """The choice; -1 where another was typed."""
    typed: str = ""

    @property
    def environment(self) -> Environment:
        """The first one: the only one of most jobs."""
        return self.environments[0]

    @property
    def subject(self) -> str:
        """A name, or how many there are."""
        if len(self.environments) > 1:
            return f"{len(self.environments)} environments"
        return (
            self.environment.name if self.environments else self.branch or short_id(self.revision) or self.project
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The variants, with the keys 1, 2, …; none for a job without any."""
        return self.kind.choices(self)

    @property
    def option(self) -> Option:
        """The chosen variant, or what was typed instead."""
        if self.index < 0:
            return self.typed
        return self.choices[self.index].option if self.choices else None

    @property
    def title(self) -> str:
        """The question, without its mark."""
        return self._say(self.kind.title)

    @property
    def meaning(self) -> str:
        """What it means, in a sentence or two."""
        return self._say(self.kind.meaning)

    @property
    def nothing(self) -> str:
        """What is said where there is nothing to do."""
        return self._say(self.kind.nothing)

    @property
    def button(self) -> str:
        """What the button says."""
        several = self.kind.button_for_several
        return several if several and len(self.environments) > 1 else self._say(self.kind.button)

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the environments whose rows show it."""
        return self.kind.changes(self)

    @property
    def dangerous_name(self) -> str | None:
        """The name that has to be typed: production's, where it is at stake."""
        return self.kind.endangers(self)

    @property
    def command(self) -> str:
        """The same on the command line."""
        typed = (self.kind.other_flag, self.typed) if self.kind.other_flag else (self.typed,)
        flags = typed if self.index < 0 else self.choices[self.index].flags if self.choices else ()
        subjects = [e.name for e in self.environments] or ([self.revision] if self.revision else [])
        return " ".join(("previewer", self.kind.verb, *subjects, *flags))

    def choosing(self, index: int) -> Request:
        """The same with another choice."""
        return replace(self, index=index)

    def typing(self, text: str) -> Request:
        """The same with what was typed instead of a choice; the plan says whether it is valid."""
        return replace(self, index=-1, typed=text.strip())

    def _say(self, words: Words) -> str:
        return words if isinstance(words, str) else words(self)


Words: TypeAlias = str | Callable[[Request], str]


def no_choices(_request: Request) -> tuple[Choice, ...]:
    """The job has no variants."""
    return ()


def names_of(request: Request) -> tuple[str, ...]:
    """The environments that the job is done to."""
    return tuple(environment.name for environment in request.environments)


def production_among(request: Request) -> str | None:
    """Production's name, where the job is done to it."""
    return next((e.name for e in request.environments if e.role is Role.PRODUCTION), None)


def no_reason(_row: OverviewRow) -> str | None:
    """The job can always be done."""
    return None


class JobKind(Struct, frozen=True, eq=False):
    """One thing that can be done. ``propose`` and ``perform`` run in threads of their own."""

    verb: str
    """The command's name."""
    progress_label: str
    """What stands in the row of an environment meanwhile; at most 13 characters."""
    button: Words
    title: Words
    meaning: Words
    propose: Callable[[Session, Request], Proposal]
    perform: Callable[[Run, Request], Done]
    nothing: Words = "There is nothing to do."
    button_for_several: str = ""
    choices: Callable[[Request], tuple[Choice, ...]] = no_choices
    other: str = ""
    """What may be typed instead of a choice, as an example; empty where nothing may."""
    other_flag: str = ""
    """The option of the command that what is typed is given to; empty for an argument."""
    changes: Callable[[Request], tuple[str, ...]] = names_of
    endangers: Callable[[Request], str | None] = production_among
    disabled_reason: Callable[[OverviewRow], str | None] = no_reason
    """Why it cannot be done to an environment that is there, as a sentence."""
    is_quick: bool = False
    """Whether it is over at once: it is announced then, and has no screen of its own."""
    takes_several: bool = False
    """Whether it is done to all marked environments at once."""
