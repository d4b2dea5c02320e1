"""Bring an environment to the tip of its branch."""

from __future__ import annotations

from msgspec import structs

from previewer.deployment.definition import how_it_was_read
from previewer.deployment.deployment import UpResult
from previewer.domain.compose.definition import DEFAULT_CHOICE
from previewer.domain.deploy.plan import Plan
from previewer.domain.environment.environment import Environment
from previewer.errors import NotFoundError, UsageError
from previewer.operations.replace import ReplaceOptions
from previewer.operations.up import UpOptions, plan_up, up
from previewer.records.environments import find_environment
from previewer.session.run import Run
from previewer.session.session import Session


def plan_update(session: Session, environment: str, options: ReplaceOptions) -> Plan:
    """What :func:`update` would do; nothing where the environment is at the tip."""
    found = find_environment(session, environment)
    return plan_up(session, _branch_of(found), _options(session, found, options))


def update(run: Run, environment: str, options: ReplaceOptions) -> UpResult:
    """Freeze the tip of the environment's branch and replace what runs by it.

    Nothing changes where that very release runs and is well. Raises :class:`UsageError` for an environment of no
    branch (a tag's, a bare commit's), and :class:`NotFoundError` where the branch is gone.
    """
    found = find_environment(run.session, environment)
    wanted = _options(run.session, found, options)
    return up(run, _branch_of(found), wanted)


def _branch_of(environment: Environment) -> str:
    if environment.ownership.branch is None:
        raise UsageError(
            "it was made of a commit, not of a branch, and has no tip to follow",
            where=environment.name,
            hint=f"`previewer replace {environment.name}` runs the same release again",
        )
    return environment.ownership.branch


def _options(session: Session, environment: Environment, options: ReplaceOptions) -> UpOptions:
    try:
        release = session.ledger.load_release(environment.ownership.release)
        definition, choice = how_it_was_read(release, environment)
    except NotFoundError:
        definition, choice = None, DEFAULT_CHOICE
    return UpOptions(
        role=environment.role,
        definition=definition,
        choice=structs.replace(choice, env_files=options.env_files or choice.env_files),
        name=environment.name,
        ttl=options.ttl,
        timeout=options.timeout,
        action="update",
    )
