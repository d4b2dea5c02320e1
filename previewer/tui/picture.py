"""What is known of the repository and the engine: one immutable value that every screen draws from."""

from __future__ import annotations

from dataclasses import dataclass

from previewer.domain.environment import Environment
from previewer.domain.revision import Branch
from previewer.errors import PreviewerError


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
    """Why the engine does not answer now."""

    def branch(self, name: str | None) -> Branch | None:
        """The branch of this name."""
        return next((branch for branch in self.branches or () if branch.name == name), None)

    def environment(self, name: str) -> Environment | None:
        """The environment of this name."""
        return next((found for found in self.environments or () if found.name == name), None)
