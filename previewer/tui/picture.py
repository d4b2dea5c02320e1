"""What is known of the repository and the engine: one immutable value that every screen draws from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from previewer.domain.environment import Environment
from previewer.domain.revision import Branch
from previewer.errors import PreviewerError
from previewer.frozen import dataclass
from previewer.operations.drift import EnvironmentDrift
from previewer.operations.parity import RolesParity


@dataclass(frozen=True, slots=True)
class Picture:
    """The newest answers of git and of the engine."""

    branches: tuple[Branch, ...] | None = None
    """``None`` until git has answered."""
    source_error: PreviewerError | None = None
    environments: tuple[Environment, ...] | None = None
    """``None`` until the engine has answered; the last known ones while it does not answer any more."""
    engine: str = ""
    """What engine it is, for people; empty until it has answered."""
    engine_error: PreviewerError | None = None
    """Why environments could not be read just now: mostly no engine answers, but git or a setting can fail too."""

    drifts: Mapping[str, EnvironmentDrift] = field(default_factory=dict)
    """By environment: what the last look found that is not as it was frozen."""
    roles_parity: RolesParity | None = None
    """How staging and production stand to each other; ``None`` until that is known."""

    def branch(self, name: str | None) -> Branch | None:
        """The branch of this name."""
        return next((branch for branch in self.branches or () if branch.name == name), None)

    def environment(self, name: str) -> Environment | None:
        """The environment of this name."""
        return next((found for found in self.environments or () if found.name == name), None)

    def drift(self, environment: Environment) -> EnvironmentDrift | None:
        """What was found of this very generation; ``None`` where nobody has looked yet."""
        found = self.drifts.get(environment.name)
        is_same = found is not None and found.environment.ownership.generation == environment.ownership.generation
        return found if is_same else None
