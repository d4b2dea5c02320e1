"""What a branch is trusted with: decided by the default branch and the user, never by the branch itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from msgspec import Struct, field

from previewer.domain.compose.definition import Location, Role
from previewer.domain.glob import any_glob_matches, glob_matches


class Limits(Struct, frozen=True):
    """The quantities of one role. ``None`` is no limit."""

    pids: int | None = 512
    """Processes of a container whose service sets no limit."""
    memory: int | None = None
    """Bytes of memory of a container whose service sets no limit."""
    cpus: float | None = None
    """Processors of a container whose service sets no limit."""
    max_pids: int | None = None
    """The most processes that a service may set."""
    max_memory: int | None = None
    """The most bytes of memory that a service may set."""
    max_cpus: float | None = None
    """The most processors that a service may set."""
    max_services: int | None = 100
    """Services of one definition."""
    max_replicas: int | None = 10
    """Containers of one service."""
    max_containers: int | None = 200
    """Containers of one environment."""
    max_ports: int | None = 100
    """Published ports of one environment, those of each container counted; and ports that one service exposes."""
    max_volumes: int | None = 100
    """Volumes of one environment, anonymous ones counted; and mounts of one service."""
    max_networks: int | None = 20
    """Networks of one environment."""
    max_shm_size: int | None = 1 << 30
    """The most bytes of shared memory that a service, or a build, may set."""
    max_tmpfs_size: int | None = 1 << 30
    """The most bytes that the memory mounts of a service may have together, or a volume of memory."""
    max_cpu_shares: int | None = 1024
    """The most weight that a service may have against others; the engine's default is 1024."""
    min_health_interval: float = 1.0
    """The least seconds between two health checks."""
    max_stop_grace: float | None = 300.0
    """The most seconds that a service may take to end."""
    max_ttl: timedelta | None = None
    """The longest life that a definition may set for its environments."""
    max_untrusted_ttl: timedelta | None = None
    """The longest life of an environment whose commit gets no secrets, unless the user asks for another."""
    egress: bool = True
    """Whether environments may reach other machines."""


DEFAULT_LIMITS: Mapping[Role, Limits] = MappingProxyType(
    {
        Role.PREVIEW: Limits(max_pids=4096, max_ttl=timedelta(days=30)),
        Role.STAGING: Limits(max_cpu_shares=None),
        Role.PRODUCTION: Limits(max_replicas=50, max_containers=500, max_cpu_shares=None),
    }
)


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
    unpushed: tuple[Grant, ...] = ()
    """Those of the branch's name that do not hold because the branch, as its remote has it, lacks the commit."""

    def replaces(self, path: str) -> bool:
        """Whether a bind mount of ``path`` becomes an empty volume."""
        return any(_covers(pattern, path, exactly=False) for pattern in self.replaced)

    def grant_for(self, rule: str, subjects: Sequence[str], *, exactly: bool = False) -> Grant | None:
        """The first grant that allows what ``rule`` refuses under one of the names ``subjects``."""
        grants = (grant for grant in self.grants if grant.rule == rule)
        return next((grant for grant in grants if grant.covers(subjects, exactly=exactly)), None)


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
