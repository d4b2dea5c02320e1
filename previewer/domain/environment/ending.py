"""Which environments have outlived their purpose, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field

from previewer.domain.commit.revision import BranchView
from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment
from previewer.domain.units import format_time

ASKED_FOR_ALL = "all were to go"
ABANDONED = "the run that it belonged to has ended"


class Ends(Struct, frozen=True):
    """What makes an environment one to be removed; any of it is enough."""

    every: bool = False
    expired: bool = False
    """Its time to live is over."""
    abandoned: bool = False
    """The process that it was to end with has ended, and did not remove it."""
    merged: bool = False
    """All the work of its branch is in the default branch."""
    branch_gone: bool = False
    """Its branch was deleted, here and at every remote."""
    roles: frozenset[Role] = frozenset({Role.PREVIEW})
    """Only environments of these roles are ever chosen, whatever else is true of them."""

    @property
    def asks_git(self) -> bool:
        """Whether it takes a look at branches to decide."""
        return self.merged or self.branch_gone


class Ended(Struct, frozen=True):
    """Which environments are to go, and which only their role or a pin keeps."""

    causes: Mapping[str, str] = field(default_factory=dict)
    """The reason to remove each environment, by name: ends the sentence "… because"."""
    spared: Mapping[str, str] = field(default_factory=dict)
    """The reason to keep each environment, by name."""


def find_ended(
    environments: Iterable[Environment],
    ends: Ends,
    branches: BranchView,
    now: datetime,
    has_ended: Callable[[str], bool] = lambda _process: False,
) -> Ended:
    """Decide about every environment. A pinned one stays, unless all are to go.

    ``has_ended`` says of a process, as labels name it, whether it certainly has.
    """
    causes: dict[str, str] = {}
    spared: dict[str, str] = {}
    for environment in environments:
        process = environment.ownership.process
        is_abandoned = ends.abandoned and process is not None and has_ended(process)
        cause = ABANDONED if is_abandoned else why_ended(environment, ends, branches, now)
        if cause is None:
            continue
        if environment.role not in ends.roles:
            spared[environment.name] = (
                f"it is for {environment.role.value}: --role {environment.role.value} includes it"
            )
        elif environment.notes.pinned and not ends.every:
            spared[environment.name] = f"it is pinned: previewer pin --off {environment.name}"
        else:
            causes[environment.name] = cause
    return Ended(causes, spared)


def why_ended(environment: Environment, ends: Ends, branches: BranchView, now: datetime) -> str | None:
    """The first of ``ends`` that is true of an environment, in words; ``None`` if none is."""
    branch, expires_at = environment.ownership.branch, environment.expires_at
    if ends.branch_gone and branch is not None and branches.is_gone(branch):
        return f"its branch {branch} is gone"
    if ends.merged and branch is not None and branches.is_merged(branch):
        return f"its branch {branch} is merged"
    if ends.expired and expires_at is not None and expires_at <= now:
        return f"it expired at {format_time(expires_at)}"
    return ASKED_FOR_ALL if ends.every else None
