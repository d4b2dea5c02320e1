"""Let staging or production run exactly what was proven before: the same images by digest, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from previewer.domain import naming
from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Role
from previewer.domain.environment import Environment
from previewer.domain.plan import Plan
from previewer.domain.progress import Report
from previewer.domain.promotion import ailments, has_staging, is_proven, other_images
from previewer.domain.release import Release
from previewer.domain.revision import short_id
from previewer.errors import AmbiguousError, NotFoundError, PolicyError
from previewer.frozen import dataclass
from previewer.operations.environments import find_environment, list_environments
from previewer.operations.generations.deploy import Deployment, UpResult, plan_deploy
from previewer.operations.generations.environment_release import release_of
from previewer.operations.releasing.named_release import find_release_named
from previewer.operations.session import Session
from previewer.operations.taint import look_for_touches, note_touches
from previewer.operations.up import UpOptions
from previewer.operations.up_release import deploy_release, release_deployment

Look = Callable[[Session, Environment], Environment]
_RELEASE_ID = re.compile(r"(sha256:)?[0-9a-f]{4,64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PromoteOptions:
    """What the user may say."""

    to: Role
    """Staging or production."""
    name: str | None = None
    """The environment's name; ``None`` for the role's."""
    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the definition's, else the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    force: bool = False
    """To production even if it was not proven in staging. Nothing lifts the rule of the same images."""


def plan_promote(session: Session, subject: str, options: PromoteOptions) -> Plan:
    """What :func:`promote` would do; refused as it would be."""
    return plan_deploy(session, _deployment(session, subject, options, look_for_touches))


def promote(
    session: Session, subject: str, options: PromoteOptions, *, report: Report, cancellation: Cancellation
) -> UpResult:
    """Run a release (or that of an environment, or of a revision) in the next role. Nothing is built.

    Raises :class:`PolicyError` where the environment it comes from was touched or is ailing, where a service would
    run another image than before, and where production would run what was never proven in staging.
    """
    deployment = _deployment(session, subject, options, note_touches)
    return deploy_release(session, deployment, report=report, cancellation=cancellation)


def _deployment(session: Session, subject: str, options: PromoteOptions, look: Look) -> Deployment:
    """``look`` finds out whether somebody touched an environment that nobody has looked at since."""
    release, origin = _find(session, subject)
    origin = look(session, origin) if origin is not None else None
    wanted = UpOptions(role=options.to, name=options.name, ttl=options.ttl, timeout=options.timeout)
    deployment = replace(release_deployment(session, release, wanted), action="promote")
    if origin is not None:
        deployment = replace(deployment, branch=origin.ownership.branch)
    _refuse_other_images(release, deployment, origin)
    if options.to is Role.PRODUCTION and not options.force:
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
            hint=f"make it whole first: previewer replace {origin.name}"
            if origin is not None and tuple(ailments(origin))
            else "let both definitions build or name the same image for that service, and freeze again",
            details=reasons,
        )


def _refuse_unproven(session: Session, release: Release, look: Look) -> None:
    """Production runs what staging has shown to work, in a project that has a staging."""
    if not has_staging(release):
        return
    staging = [look(session, e) for e in list_environments(session) if e.role is Role.STAGING]
    names = {naming.environment_name(session.project, Role.STAGING.value), *(e.name for e in staging)}
    notes = [said for name, said in session.ledger.notes().items() if name in names]
    if not is_proven(release, staging, notes):
        short = short_id(release.id)
        raise PolicyError(
            "it has not been proven in staging",
            where=f"release {short}",
            hint=f"previewer promote {short} --to staging; --force goes to production without it",
        )
