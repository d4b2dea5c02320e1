"""A request that found its release, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.session.run import Run
from previewer.session.secrets import with_secrets


class Deployment(Struct, frozen=True):
    """Which release runs where, as was asked for."""

    release: Release
    request: DeployRequest
    name: str
    """The environment's."""
    branch: str | None
    """The branch that the release is from: it decides what the definition is trusted with."""
    definition: str
    """Which of the release's."""
    force: bool = False
    """A new generation even where this very release runs and is well."""
    data_of: int | None = None
    """The kept generation whose state is handed over; ``None`` for the live one."""
    places: Mapping[str, str] = {}
    """``REGISTRY/REPOSITORY@sha256:…`` by image, where the engine has others pull them."""
    is_frozen: bool = True
    """``False`` for a plan of what has no images yet."""

    @property
    def frozen(self) -> FrozenDefinition:
        """The definition, with its images."""
        return self.release.definitions[self.definition]


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
    return with_secrets(
        run,
        deployment.request.role,
        branch=deployment.branch,
        commit=deployment.release.commit,
        definitions=(deployment.frozen.definition,),
    )
