"""Replace an environment by its next generation: of the same release, or of its branch's tip."""

from __future__ import annotations

from msgspec import structs

from previewer.deployment.definition import definition_name, how_it_was_read, release_of
from previewer.deployment.deploy import plan_deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.domain.compose.definition import DEFAULT_CHOICE
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.errors import NotFoundError, UsageError
from previewer.operations.up import deploy_release, plan_up, up
from previewer.records.environments import find_environment
from previewer.releases.definitions import give_files
from previewer.session.run import Run
from previewer.session.session import Session


def plan_replace(session: Session, environment: str, request: DeployRequest) -> Plan:
    """What :func:`replace_environment` would do."""
    return plan_deploy(session, _deployment(session, environment, request))


def replace_environment(run: Run, environment: str, request: DeployRequest) -> UpResult:
    """Run the environment's own release again, from nothing, beside it; then let the touched one go.

    Raises :class:`NotFoundError` where there is no such environment, or its release is not kept here.
    """
    deployment = _deployment(run.session, environment, request)
    return deploy_release(run, deployment)


def _deployment(session: Session, text: str, request: DeployRequest) -> Deployment:
    give_files(session, request.choice.env_files)
    environment = find_environment(session, text)
    owner = environment.ownership
    release = release_of(session, environment)
    asked = structs.replace(request, role=owner.role, action="replace")
    name = definition_name(release, environment)
    return Deployment(release, asked, environment.name, owner.branch, name, force=True)


def plan_update(session: Session, environment: str, request: DeployRequest) -> Plan:
    """What :func:`update` would do; nothing where the environment is at the tip."""
    found = find_environment(session, environment)
    return plan_up(session, _branch_of(found), _update_request(session, found, request))


def update(run: Run, environment: str, request: DeployRequest) -> UpResult:
    """Freeze the tip of the environment's branch and replace what runs by it.

    Nothing changes where that very release runs and is well. Raises :class:`UsageError` for an environment of no
    branch (a tag's, a bare commit's), and :class:`NotFoundError` where the branch is gone.
    """
    found = find_environment(run.session, environment)
    wanted = _update_request(run.session, found, request)
    return up(run, _branch_of(found), wanted)


def _branch_of(environment: Environment) -> str:
    if environment.ownership.branch is None:
        raise UsageError(
            "it was made of a commit, not of a branch, and has no tip to follow",
            where=environment.name,
            hint=f"`previewer replace {environment.name}` runs the same release again",
        )
    return environment.ownership.branch


def _update_request(session: Session, environment: Environment, request: DeployRequest) -> DeployRequest:
    try:
        release = session.ledger.load_release(environment.ownership.release)
        definition, choice = how_it_was_read(release, environment)
    except NotFoundError:
        definition, choice = None, DEFAULT_CHOICE
    return structs.replace(
        request,
        role=environment.role,
        definition=definition,
        choice=structs.replace(choice, env_files=request.choice.env_files or choice.env_files),
        name=environment.name,
        action="update",
    )
