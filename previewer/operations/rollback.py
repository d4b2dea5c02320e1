"""Go back to a release that is known to be good: the kept generation if there is one, else a new one of it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from previewer.deployment.deploy import plan_deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.restart_generation import (
    can_restart_kept_generation,
    plan_restart_kept_generation,
    restart_kept_generation,
)
from previewer.domain import naming
from previewer.domain.commit.revision import short_id
from previewer.domain.compose.definition import Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.record.notes import EnvironmentNotes, KnownGood
from previewer.domain.release.release import Release
from previewer.errors import NotFoundError, UsageError
from previewer.operations.up import deploy_release, release_deployment
from previewer.records.environments import find_environment, list_environments
from previewer.session.run import Run
from previewer.session.session import Session


class RollbackOptions(Struct, frozen=True):
    """What the user may say."""

    release: str | None = None
    """The id of a known-good release, or the beginning of it; ``None`` for the newest."""
    with_data: bool = False
    """Whether data that outlives generations goes back too, to what the kept generation left."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""


class Candidate(Struct, frozen=True):
    """A release that an environment can be rolled back to."""

    environment: str
    role: Role
    good: KnownGood
    is_kept: bool
    """Whether its generation is still there, stopped: it is back as soon as its containers are started."""


def list_candidates(session: Session, target: str | None) -> tuple[Candidate, ...]:
    """What ``target`` (an environment, a role; ``None``: the only one that has any) can go back to, newest first.

    Raises :class:`NotFoundError` where there is nothing, and :class:`UsageError` where several environments have
    known-good releases and none is named.
    """
    name, said, role = _environment(session, target)
    running = {e.ownership.release for e in list_environments(session) if e.name == name}
    return tuple(
        Candidate(name, role, good, is_kept=good.generation in said.kept)
        for good in said.known_good
        if good.release not in running
    )


def plan_rollback(session: Session, target: str | None, options: RollbackOptions) -> Plan:
    """What :func:`rollback` would do."""
    candidate = choose(list_candidates(session, target), options.release)
    deployment = _deployment(session, candidate, options)
    if candidate.is_kept and can_restart_kept_generation(session, deployment, candidate.good.generation):
        return plan_restart_kept_generation(session, deployment, candidate.good.generation)
    return plan_deploy(session, deployment)


def rollback(run: Run, target: str | None, options: RollbackOptions) -> UpResult:
    """Run a known-good release again. What is left behind is not known to be good any more.

    Until the other one is healthy, what runs now can come back: a rollback that fails changes nothing.
    """
    candidate = choose(list_candidates(run.session, target), options.release)
    deployment = _deployment(run.session, candidate, options)
    if candidate.is_kept and can_restart_kept_generation(run.session, deployment, candidate.good.generation):
        return restart_kept_generation(run, deployment, candidate.good.generation)
    return deploy_release(run, deployment)


def choose(candidates: tuple[Candidate, ...], release: str | None) -> Candidate:
    """The one of ``candidates`` whose release begins like ``release``, else the newest.

    Raises :class:`NotFoundError` for a release that is not known to be good.
    """
    if release is None:
        return candidates[0]
    digits = release.removeprefix("sha256:").lower()
    fitting = [c for c in candidates if c.good.release.removeprefix("sha256:").startswith(digits)]
    if len(fitting) != 1:
        known = ", ".join(short_id(candidate.good.release) for candidate in candidates)
        raise NotFoundError(
            "several known-good releases begin like this" if fitting else "no known-good release begins like this",
            where=release,
            hint=f"there is {known}; `previewer promote` runs any other one",
        )
    return fitting[0]


def _environment(session: Session, target: str | None) -> tuple[str, EnvironmentNotes, Role]:
    notes = {name: said for name, said in session.ledger.notes().items() if said.known_good}
    roles = {environment.name: environment.role for environment in list_environments(session)}
    if target is None:
        candidates = [name for name in notes if name in roles] or list(notes)  # a removed one only by its name
        if len(candidates) > 1:
            raise UsageError(
                f"several environments have known-good releases: {', '.join(sorted(candidates))}",
                hint="name one of them",
            )
        name = next(iter(candidates), "")
    else:
        name = _named(session, target, tuple(notes))
    if name not in notes:
        raise NotFoundError(
            "no release is known to be good" + (f" in {name}" if name else ""),
            where=target,
            hint="a release becomes known-good when it served, untouched, until another one took its place",
        )
    by_default = {naming.environment_name(session.project, role.value): role for role in Role}
    return name, notes[name], roles.get(name) or by_default.get(name, Role.PREVIEW)


def _named(session: Session, target: str, noted: tuple[str, ...]) -> str:
    """One that runs, else one that ran: a rollback can bring back what is down."""
    try:
        return find_environment(session, target).name
    except NotFoundError:
        for name in (target, naming.environment_name(session.project, target), naming.slug(target)):
            if name in noted:
                return name
        raise


def _deployment(session: Session, candidate: Candidate, options: RollbackOptions) -> Deployment:
    release: Release = session.ledger.load_release(candidate.good.release)
    request = DeployRequest(
        role=candidate.role, name=candidate.environment, timeout=options.timeout, action="rollback"
    )
    deployment = replace(release_deployment(session, release, request), force=True)
    if not options.with_data:
        return deployment
    if not candidate.is_kept:
        raise NotFoundError(
            f"its data of that time is not kept: generation {candidate.good.generation} is gone",
            where=candidate.environment,
            hint="leave out --with-data; `previewer data ls` lists snapshots, which `data reset` goes back to",
        )
    return replace(deployment, data_of=candidate.good.generation)
