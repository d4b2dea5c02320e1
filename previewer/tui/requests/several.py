"""What is done to one environment or to several that are marked."""

from __future__ import annotations

from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.frozen import dataclass
from previewer.tui.requests.request import Request


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
