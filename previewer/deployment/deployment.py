"""What is to be deployed, and what came of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from previewer.domain.compose.definition import Role
from previewer.domain.environment.environment import Environment
from previewer.domain.release.release import Release
from previewer.session.run import Run
from previewer.session.secrets import with_secrets

Act = Literal["up", "replace", "update", "promote", "rollback"]


class Deployment(Struct, frozen=True):
    """Which release is to run where."""

    release: Release
    role: Role
    name: str
    branch: str | None
    """The branch that the release is from: it decides what the definition is trusted with."""
    definition: str
    """Which of the release's."""
    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the definition's, else the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    force: bool = False
    """A new generation even where this very release runs and is well."""
    action: Act = "up"
    """What the ledger calls it."""
    is_queued: bool = False
    """Whether to wait for room on the engine, at most ``timeout``, instead of failing where there is none."""
    process: str | None = None
    """The process that the environment ends with; ``None`` for one that lives on."""
    data: str = ""
    """The snapshot that volumes are clones of, ``from:ENVIRONMENT`` or ``empty``; empty for those of seeds."""
    data_of: int | None = None
    """The kept generation whose state is handed over; ``None`` for the live one."""
    is_frozen: bool = True
    """``False`` for a plan of what has no images yet."""


class UpResult(Struct, frozen=True):
    """What is up now."""

    environment: Environment
    release: Release
    changed: bool
    """``False`` where the environment ran this very release already."""
    downtime_seconds: float | None = None
    """The seconds without an owner of the replaced generation's ports; ``None`` where there was none."""


def with_its_secrets(run: Run, deployment: Deployment) -> Run:
    """The run that knows the secrets which the release refers to, if its commit is trusted with them."""
    release = deployment.release
    return with_secrets(
        run,
        deployment.role,
        branch=deployment.branch,
        commit=release.commit,
        definitions=(release.definitions[deployment.definition].definition,),
    )
