"""What is done to one environment, and what comes of a deployment."""

from __future__ import annotations

from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.frozen import dataclass
from previewer.operations.generations.deploy import UpResult
from previewer.tui.requests.request import Done, Request


@dataclass(frozen=True)
class EnvironmentRequest(Request):
    """A deed that concerns one environment; production's is dangerous."""

    environment: Environment

    @property
    def subject(self) -> str:
        """Its name."""
        return self.environment.name

    @property
    def environments(self) -> tuple[str, ...]:
        """Itself."""
        return (self.environment.name,)

    @property
    def dangerous_name(self) -> str | None:
        """Production's name."""
        return self.environment.name if self.environment.role is Role.PRODUCTION else None


def deployed(result: UpResult) -> Done:
    """A deployment's URLs, else that it is up; and for how long nobody had its ports."""
    environment = result.environment
    gap = result.gap_seconds
    taken = (f"the ports were handed over within {gap:.2f} s",) if gap is not None else ()
    return Done((*(environment.urls or (f"{environment.name} is up",)), *taken), environment.name)
