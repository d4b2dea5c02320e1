"""The settings as everything else sees them: one frozen value, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from previewer.domain.definition import Role
from previewer.domain.policy.trust import TrustRules

DEFAULT_TTL: Mapping[Role, timedelta | None] = {
    Role.PREVIEW: timedelta(days=3),
    Role.STAGING: None,
    Role.PRODUCTION: None,
}


@dataclass(frozen=True)
class Settings:
    """All settings, complete. The default is what holds where nobody chose anything."""

    project: str | None = None
    """The project's name, instead of the one that its origin or folder has."""
    address_pool: str = "10.213.0.0/16"
    """The IPv4 range, as CIDR, that networks take their subnets from."""
    subnet_prefix: int = 28
    """Of each subnet: 28 leaves 13 addresses for containers."""
    ttl: Mapping[Role, timedelta | None] = field(default_factory=lambda: DEFAULT_TTL)
    """How long environments live; ``None`` for ever."""
    wait_timeout: float = 120.0
    """Seconds to wait for a new environment's health."""
    parallel: int = 8
    """Steps of a plan that are taken at the same time."""
    parallel_builds: int = 4
    """Images that are built at the same time."""
    variables: tuple[str, ...] = ()
    """Patterns of the only variables of the caller's environment that definitions may use."""
    allowed_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those of the caller's environment that ``variables`` match."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """By action: the keys that call it in the terminal UI, separated by commas."""
    theme: str | None = None
    """The terminal UI's theme; ``None`` for ours."""
    trust: TrustRules = field(default_factory=TrustRules)
    """What branches are trusted with."""

    def ttl_of(self, role: Role) -> timedelta | None:
        """How long an environment of ``role`` lives; ``None`` for ever."""
        return self.ttl[role]
