"""What a user asks for and has yet to confirm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.domain.naming import environment_name
from previewer.domain.revision import Branch, short_id


@dataclass(frozen=True, slots=True)
class UpRequest:
    """Bring up an environment, or replace one."""

    revision: str
    """A branch's name or a commit's id."""
    project: str
    role: Role = Role.PREVIEW
    branch: str | None = None
    """The branch that it is for; ``None`` for a bare commit."""
    replaces: Environment | None = None
    """The environment that makes room for its successor."""

    @classmethod
    def replacing(cls, environment: Environment, *, branch: Branch | None) -> UpRequest:
        """Replace an environment by one of its branch's tip; of the same commit where the branch is gone."""
        return cls(
            revision=branch.name if branch else environment.ownership.commit,
            project=environment.ownership.project,
            role=environment.role,
            branch=branch.name if branch else None,
            replaces=environment,
        )

    @property
    def subject(self) -> str:
        """The revision, for people."""
        return self.branch or short_id(self.revision)

    @property
    def title(self) -> str:
        """The question's beginning."""
        return f"Replace {self.replaces.name}" if self.replaces else f"Bring up {self.subject}"

    @property
    def deed(self) -> str:
        """What the button says."""
        return "Replace it" if self.replaces else "Bring it up"

    @property
    def dangerous_name(self) -> str | None:
        """The name that has to be typed: production's."""
        if self.role is not Role.PRODUCTION:
            return None
        return self.replaces.name if self.replaces else environment_name(self.project, self.role.value)

    def with_role(self, role: Role) -> UpRequest:
        """The same in another role; a replacement keeps the role of what it replaces."""
        return self if self.replaces else replace(self, role=role)


@dataclass(frozen=True, slots=True)
class DownRequest:
    """Tear environments down."""

    environments: tuple[Environment, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the environments."""
        return tuple(environment.name for environment in self.environments)

    @property
    def subject(self) -> str:
        """The names, or how many there are."""
        return self.names[0] if len(self.names) == 1 else f"{len(self.names)} environments"

    @property
    def title(self) -> str:
        """The question's beginning."""
        return f"Tear down {self.subject}"

    @property
    def deed(self) -> str:
        """What the button says."""
        return "Tear it down" if len(self.environments) == 1 else "Tear them down"

    @property
    def dangerous_name(self) -> str | None:
        """The name that has to be typed: production's."""
        return next((e.name for e in self.environments if e.role is Role.PRODUCTION), None)


Request: TypeAlias = UpRequest | DownRequest
