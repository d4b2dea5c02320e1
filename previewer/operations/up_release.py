"""Let an environment run a kept release: nothing is built, and neither git nor Compose files are read."""

from __future__ import annotations

from previewer.domain import naming
from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Role
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.release import Release
from previewer.domain.revision import short_id
from previewer.operations.definitions import choose_definition, distrust
from previewer.operations.generations.deploy import Deployment, UpResult, plan_deploy
from previewer.operations.generations.deploy_again import deploy_again
from previewer.operations.generations.supersede import claimed
from previewer.operations.releasing.branch import find_branch
from previewer.operations.releasing.named_release import find_release_named
from previewer.operations.releasing.obtain_images import obtain_images
from previewer.operations.session import Session
from previewer.operations.up import UpOptions


def plan_up_release(session: Session, release: str, options: UpOptions) -> Plan:
    """What :func:`up_release` would do on the engine."""
    return plan_deploy(session, release_deployment(session, find_release_named(session, release), options))


def up_release(
    session: Session, release: str, options: UpOptions, *, report: Report, cancellation: Cancellation
) -> UpResult:
    """Run the release that ``release`` names (its id or the beginning of it, a frozen revision, an environment).

    Images that the engine lacks are pulled by digest. Raises :class:`PolicyError` where the role refuses the
    frozen definition, and :class:`NotFoundError` where an image is nowhere to be had.
    """
    if (reservation := distrust(session)) is not None:
        report(reservation)
    found = find_release_named(session, release)
    deployment = release_deployment(session, found, options)
    return deploy_release(session, deployment, report=report, cancellation=cancellation)


def release_deployment(session: Session, release: Release, options: UpOptions) -> Deployment:
    """The deployment of a release, from what it says itself."""
    definitions = [frozen.definition for frozen in release.definitions.values()]
    branch = find_branch(session, release)
    return Deployment(
        release=release,
        role=options.role,
        name=release_environment(session, release, branch, options),
        branch=branch,
        definition=choose_definition(definitions, options.role, options.definition).name,
        ttl=options.ttl,
        timeout=options.timeout,
        is_queued=options.is_queued,
    )


def release_environment(session: Session, release: Release, branch: str | None, options: UpOptions) -> str:
    """The name that the environment gets: the user's, the role's, or the branch's (else the commit's)."""
    if options.name is not None:
        return naming.slug(options.name)
    if options.role is not Role.PREVIEW:
        return naming.environment_name(session.project, options.role.value)
    return naming.environment_name(session.project, branch or short_id(release.commit))


def deploy_release(
    session: Session, deployment: Deployment, *, report: Report, cancellation: Cancellation
) -> UpResult:
    """:func:`deploy`, once the definition's images are on the engine, where pruning leaves them."""

    def obtain() -> Deployment:
        artifacts = deployment.release.definitions[deployment.definition].artifacts.values()
        obtain_images(session, deployment.release, artifacts=artifacts, report=report, cancellation=cancellation)
        return deployment

    with claimed(session, f"run {deployment.name}", deployment.release.commit):
        return deploy_again(session, obtain(), regain=obtain, report=report, cancellation=cancellation)
