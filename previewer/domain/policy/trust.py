"""What a branch is trusted with: decided by the default branch and the user, never by the branch itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from previewer.domain.compose.definition import Location, Role
from previewer.domain.glob import any_glob_matches, glob_matches
from previewer.domain.policy.limits import DEFAULT_LIMITS, Limits


class Grant(Struct, frozen=True):
    """One line of an ``allow`` list: ``privileged`` or ``bind:/etc/localtime:ro``."""

    rule: str
    """The id of the rule that it lifts."""
    pattern: str | None
    """What of that is allowed; ``None`` for everything that the rule refuses."""
    source: Location
    """Where it is written."""
    role: Role | None = None
    """The only role it holds for; ``None`` for all."""
    branches: tuple[str, ...] = ()
    """Patterns of the only branches it holds for; empty for all."""

    @property
    def text(self) -> str:
        """As it is written in the list."""
        return self.rule if self.pattern is None else f"{self.rule}:{self.pattern}"

    def applies_to(self, role: Role, branch: str | None) -> bool:
        """Whether it holds for environments of ``role`` from ``branch`` (``None``: from no branch)."""
        if self.role is not None and self.role is not role:
            return False
        return not self.branches or (branch is not None and any_glob_matches(self.branches, branch))

    def covers(self, subjects: Sequence[str], *, exactly: bool = False) -> bool:
        """Whether one of the names of a request is allowed; with ``exactly`` patterns stand for themselves."""
        if self.pattern is None:
            return not exactly
        return any(_covers(self.pattern, subject, exactly=exactly) for subject in subjects)


class Trust(Struct, frozen=True):
    """The grants and limits that hold for one branch in one role. The default trusts with nothing."""

    role: Role = Role.PREVIEW
    """What the environment is to be, as the user asked; not what the definition says it is."""
    branch: str | None = None
    """``None`` for a tag, a bare commit or a pull request's head."""
    grants: tuple[Grant, ...] = ()
    limits: Limits = field(default_factory=Limits)
    images: tuple[str, ...] | None = None
    """Patterns of the only images that it may name; ``None`` for any but previewer's own."""
    replaced: tuple[str, ...] = ()
    """Patterns of paths of the host whose bind mounts become empty volumes."""

    def replaces(self, path: str) -> bool:
        """Whether a bind mount of ``path`` becomes an empty volume."""
        return any(_covers(pattern, path, exactly=False) for pattern in self.replaced)

    def grant_for(self, rule: str, subjects: Sequence[str], *, exactly: bool = False) -> Grant | None:
        """The first grant that allows what ``rule`` refuses under one of the names ``subjects``."""
        found = (grant for grant in self.grants if grant.rule == rule)
        return next((grant for grant in found if grant.covers(subjects, exactly=exactly)), None)


class TrustRules(Struct, frozen=True):
    """All that the settings say about trust, for every role and branch."""

    grants: tuple[Grant, ...] = ()
    limits: Mapping[Role, Limits] = field(default_factory=lambda: DEFAULT_LIMITS)
    images: tuple[str, ...] | None = None
    """Patterns of the only images that branches may name; ``None`` for any but previewer's own."""
    replaced: tuple[str, ...] = ()
    """Patterns of paths of the host whose bind mounts become empty volumes."""

    def names(self, branch: str, role: Role) -> bool:
        """Whether any grant holds for ``branch`` because of its name."""
        return any(grant.branches and grant.applies_to(role, branch) for grant in self.grants)

    def trust(self, role: Role, branch: str | None) -> Trust:
        """What an environment of ``role`` from ``branch`` is trusted with."""
        grants = tuple(grant for grant in self.grants if grant.applies_to(role, branch))
        limits = self.limits[role]
        return Trust(role, branch, grants, limits, images=self.images, replaced=self.replaced)


def _covers(pattern: str, subject: str, *, exactly: bool) -> bool:
    if exactly or ".." in subject.split("/"):
        return pattern == subject
    return glob_matches(pattern, subject)
