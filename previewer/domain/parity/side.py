"""One of the two things that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from previewer.domain.definition import Definition, Role
from previewer.domain.policy.trust import Trust
from previewer.domain.release import Artifact
from previewer.frozen import dataclass

Packages = Mapping[str, str]
"""Versions by package, as ``deb/openssl``."""


@dataclass(frozen=True)
class ParitySide:
    """A running environment, a release's definition, or a definition that nothing was frozen of yet."""

    name: str
    """As the user called it, or what it is called: ``shop-staging``, ``main:production``."""
    definition: Definition
    commit: str
    """Full id."""
    committed_at: datetime
    """Aware."""
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    """By service; none for a mere definition."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digests of the commit's files that its services read while they run, by path."""
    packages: Mapping[str, Packages] = field(default_factory=dict)
    """What is in the images, by service; a service whose packages nobody listed is left out."""
    services: frozenset[str] | None = None
    """The services that really run; ``None`` for what does not run."""
    trust: Trust | None = None
    """What decides about defaults and limits that previewer applies; ``None`` for its own."""
    release: str = ""
    """Its id; empty for a mere definition."""

    @property
    def role(self) -> Role:
        """What it is for."""
        return self.definition.role
