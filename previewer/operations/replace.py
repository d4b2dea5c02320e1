"""Replace an environment by a new generation of the same release: the remedy for one that was touched."""

from __future__ import annotations

from msgspec import Struct

from previewer.deployment.definition import definition_name, release_of
from previewer.deployment.deploy import plan_deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.domain.deploy.plan import Plan
from previewer.operations.up import deploy_release
from previewer.records.environments import find_environment
from previewer.releases.definitions import give_files
from previewer.session.run import Run
from previewer.session.session import Session


class ReplaceOptions(Struct, frozen=True):
    """What the user may say."""

    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the definition's, else the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    env_files: tuple[str, ...] = ()
    """Environment files of this machine (in updates of the commit too), with variables of definitions."""


def plan_replace(session: Session, environment: str, options: ReplaceOptions) -> Plan:
    """What :func:`replace_environment` would do."""
    return plan_deploy(session, _deployment(session, environment, options))


def replace_environment(run: Run, environment: str, options: ReplaceOptions) -> UpResult:
    """Run the environment's own release again, from nothing, beside it; then let the touched one go.

    Raises :class:`NotFoundError` where there is no such environment, or its release is not kept here.
    """
    deployment = _deployment(run.session, environment, options)
    return deploy_release(run, deployment)


def _deployment(session: Session, text: str, options: ReplaceOptions) -> Deployment:
    give_files(session, options.env_files)
    environment = find_environment(session, text)
    owner = environment.ownership
    release = release_of(session, environment)
    return Deployment(
        release=release,
        role=owner.role,
        name=environment.name,
        branch=owner.branch,
        definition=definition_name(release, environment),
        ttl=options.ttl,
        timeout=options.timeout,
        force=True,
        action="replace",
    )
