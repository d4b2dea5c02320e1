"""Let staging or production run exactly what was proven before: the same images by digest, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from previewer.deployment.definition import release_of
from previewer.deployment.deploy import plan_deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.touches import look_for_touches, note_touches
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role, role_of_name
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.environment.environment import Environment
from previewer.domain.progress import Noted
from previewer.domain.release.promotion import ailments, has_role, is_proven, other_images
from previewer.domain.release.release import Release, is_part_of
from previewer.errors import AmbiguousError, NotFoundError, PolicyError
from previewer.operations.freeze import complete_release, plan_completion
from previewer.operations.up import deploy_release, release_deployment
from previewer.records.environments import find_environment, list_environments
from previewer.releases.definitions import give_files, read_definitions
from previewer.releases.named_release import find_release_named
from previewer.session.run import Run
from previewer.session.session import Session

Look = Callable[[Session, Environment], Environment]
_RELEASE_ID = re.compile(r"(sha256:)?[0-9a-f]{4,64}", re.IGNORECASE)


def plan_promote(session: Session, subject: str, request: DeployRequest) -> Plan:
    """What :func:`promote` would do; refused as it would be."""
    give_files(session, request.choice.env_files)
    return plan_deploy(session, _deployment(session, subject, request, look_for_touches))


def promote(run: Run, subject: str, request: DeployRequest) -> UpResult:
    """Run a release (or that of an environment, or of a revision) in the next role. Nothing is built.

    Raises :class:`PolicyError` where the environment it comes from was touched or is ailing, where a service would
    run another image than before, and where production would run what was never proven in staging.
    """
    give_files(run.session, request.choice.env_files)
    deployment = _deployment(run.session, subject, request, note_touches, run)
    return deploy_release(run, deployment)


def _deployment(
    session: Session, subject: str, request: DeployRequest, look: Look, run: Run | None = None
) -> Deployment:
    """``look`` finds out whether an environment was touched since it was last examined.

    A release that was frozen without the role's definition is completed; in a plan, which has nothing to report
    to, but for its images.
    """
    release, origin = _find(session, subject)
    origin = look(session, origin) if origin is not None else None
    if release.left_out and not has_role(release, request.role):
        if run is None:
            release = plan_completion(session, release, request.role)
        else:
            run.report(Noted(f"the definition for {request.role.value} is not in the release, and is frozen now"))
            release = complete_release(run, release, request.role)
    deployment = release_deployment(session, release, replace(request, action="promote"))
    deployment = replace(deployment, is_frozen=bool(deployment.frozen.artifacts))
    if origin is not None:
        deployment = replace(deployment, branch=origin.ownership.branch)
    _refuse_other_images(release, deployment, origin)
    if request.role is Role.PRODUCTION and not request.takes_unproven:
        _refuse_unproven(session, release, look)
    return deployment


def _find(session: Session, subject: str) -> tuple[Release, Environment | None]:
    """The release that is meant, and the environment that it comes from if one was named."""
    if _RELEASE_ID.fullmatch(subject):
        try:
            return session.ledger.load_release(subject), None
        except AmbiguousError:
            raise
        except NotFoundError:
            if subject.lower().startswith("sha256:"):
                raise
    try:
        origin = find_environment(session, subject)
    except NotFoundError:
        return find_release_named(session, subject), None
    return release_of(session, origin), origin


def _refuse_other_images(release: Release, deployment: Deployment, origin: Environment | None) -> None:
    reasons = (
        *(ailments(origin) if origin is not None else ()),
        *other_images(release, deployment.definition, origin),
    )
    if reasons:
        raise PolicyError(
            "only what was proven is promoted, with the very same images",
            where=origin.name if origin else f"release {short_id(release.id)}",
            hint=f"repair it first: previewer replace {origin.name}"
            if origin is not None and tuple(ailments(origin))
            else "let both definitions build or name the same image for that service, and freeze again",
            details=reasons,
        )


def _refuse_unproven(session: Session, release: Release, look: Look) -> None:
    """Production runs what staging has shown to work, in a project that has a staging."""
    if not has_role(release, Role.STAGING) and not _leaves_out_staging(session, release):
        return
    staging = [look(session, e) for e in list_environments(session) if e.role is Role.STAGING]
    names = {naming.environment_name(session.project, Role.STAGING.value), *(e.name for e in staging)}
    notes = [said for name, said in session.ledger.notes().items() if name in names]
    parts = [part for part in session.ledger.releases_of(release.commit) if is_part_of(part, release)]
    if not any(is_proven(part, staging, notes) for part in (release, *parts)):
        short = short_id(release.id)
        raise PolicyError(
            "it has not been proven in staging",
            where=f"release {short}",
            hint=f"previewer promote {short} --to staging; --force goes to production without it",
        )


def _leaves_out_staging(session: Session, release: Release) -> bool:
    """Whether its commit has a staging that it was frozen without."""
    if any(role_of_name(name) is Role.STAGING for name in release.left_out):
        return True
    if not release.left_out:
        return False
    read = read_definitions(session, session.source.resolve(release.commit))
    return any(definition.role is Role.STAGING for definition in read)
