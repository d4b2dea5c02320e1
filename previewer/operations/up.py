"""Let an environment run a kept release: nothing is built, and neither git nor Compose files are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from msgspec.structs import replace

from previewer.background import begin
from previewer.deployment.capacity import check_capacity
from previewer.deployment.deploy import deploy_with_retry, plan_deploy
from previewer.deployment.deployment import Deployment, UpResult
from previewer.deployment.routing import announced_build
from previewer.deployment.supersede import claimed, newest_run
from previewer.domain import naming
from previewer.domain.commit.revision import ResolvedRevision, short_id
from previewer.domain.compose.definition import Definition, Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.engine.capacity import need_of
from previewer.domain.environment.environment import list_environments
from previewer.domain.progress import Noted
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.domain.units import counted, format_time, parse_ttl
from previewer.engine.protocol import Selection
from previewer.errors import CancelledError, EngineError, SourceError, UnhealthyError, UsageError
from previewer.operations.freeze import find_release, freeze_resolved, frozen_files
from previewer.records.environments import failures_of
from previewer.records.failures import noting_failure
from previewer.releases.attest import attest, is_attested
from previewer.releases.definitions import (
    choose_definition,
    distrust,
    enforce_policy,
    read_definitions,
    refuse_empty,
)
from previewer.releases.named_release import find_branch, find_release_named
from previewer.releases.obtain_images import obtain_images
from previewer.session.release_files import isolated_for
from previewer.session.run import Run
from previewer.session.secrets import with_secrets
from previewer.session.session import Session


def plan_up_release(session: Session, release: str, request: DeployRequest) -> Plan:
    """What :func:`up_release` would do on the engine."""
    return plan_deploy(session, release_deployment(session, find_release_named(session, release), request))


def up_release(run: Run, release: str, request: DeployRequest) -> UpResult:
    """Run the release that ``release`` names (its id or the beginning of it, a frozen revision, an environment).

    Images that the engine lacks are pulled by digest. Raises :class:`PolicyError` where the role refuses the
    frozen definition, and :class:`NotFoundError` where an image is nowhere to be had.
    """
    if (reservation := distrust(run.session)) is not None:
        run.report(reservation)
    found = find_release_named(run.session, release)
    deployment = release_deployment(run.session, found, request)
    return deploy_release(run, deployment)


def release_deployment(session: Session, release: Release, request: DeployRequest) -> Deployment:
    """The deployment of a release, from what it says itself."""
    definitions = [frozen.definition for frozen in release.definitions.values()]
    branch = request.branch or find_branch(session, release)
    return Deployment(
        release,
        request,
        name=environment_name(session, request, branch or short_id(release.commit)),
        branch=branch,
        definition=choose_definition(definitions, request.role, request.definition).name,
    )


def environment_name(session: Session, request: DeployRequest, subject: str) -> str:
    """The name that the environment gets: the user's, the role's, or that of ``subject`` (a branch, a commit)."""
    if request.name is not None:
        return naming.slug(request.name)
    return naming.environment_name(
        session.project, subject if request.role is Role.PREVIEW else request.role.value
    )


def deploy_release(run: Run, deployment: Deployment) -> UpResult:
    """:func:`deploy`, once the definition's images are on the engine, where pruning leaves them."""

    def obtain() -> Deployment:
        artifacts = deployment.frozen.artifacts.values()
        obtain_images(run, deployment.release, artifacts=artifacts)
        return deployment

    commit = deployment.release.commit
    with (
        claimed(run.session, f"run {deployment.name}", commit),
        noting_failure(run, deployment.request, deployment.name, commit, deployment.branch),
    ):
        return deploy_with_retry(run, obtain(), rebuild=obtain)


RECENTLY = timedelta(hours=1)
"""After pinning, a moved tag is not suspected for this long."""


def plan_up(session: Session, revision: str, request: DeployRequest) -> Plan:
    """What :func:`up` would do on the engine. Nothing is made; images that are not frozen yet are named so."""
    resolved = _resolve(session, revision, request)
    session = with_secrets(Run(session), request.role, branch=resolved.branch, commit=resolved.commit.id).session
    definitions = read_definitions(session, resolved, request)
    definition = _allowed_definition(session, resolved, definitions, request)
    release = find_release(session, resolved, definitions, wanted=definition.name)
    deployment = _deployment(
        session, resolved, request, definition, release or _to_freeze(session, resolved, definition)
    )
    plan = plan_deploy(session, replace(deployment, is_frozen=release is not None))
    reservation = distrust(session)
    return plan if reservation is None else replace(plan, notes=(reservation.message, *plan.notes))


def _resolve(session: Session, revision: str, request: DeployRequest) -> ResolvedRevision:
    """Raises :class:`UsageError` for a commit that is not on the default branch and called by its name."""
    resolved = session.source.resolve(revision)
    branch = request.branch
    if branch is None:
        return resolved
    is_default = branch == session.source.default_branch().name
    if is_default and not session.source.is_on_branch(resolved.commit.id, branch):
        raise UsageError(
            f"{branch} is the default branch, and does not hold this commit",
            where=resolved.commit.short,
            hint="a pull request's environment has a name of its own: --name",
        )
    return replace(resolved, branch=branch, pull_request=None)


def up(run: Run, revision: str, request: DeployRequest) -> UpResult:
    """Freeze ``revision`` and run it. What runs already stays until its successor is healthy.

    Whatever ends it early (a failure, an interruption) undoes what it made; the engine is then as before. Raises
    :class:`SupersededError` when another run for the same branch and environment begins at another commit. What
    failed since it was ready stays, and is in the result.
    """
    session = run.session
    session.prefetch_engine(makes=True)
    resolved = _resolve(session, revision, request)
    uncommitted = begin(lambda: session.source.count_uncommitted(resolved.commit.id), name="previewer-uncommitted")
    if (reservation := distrust(session)) is not None:
        run.report(reservation)
    run = with_secrets(run, request.role, branch=resolved.branch, commit=resolved.commit.id)
    session = run.session
    definitions = read_definitions(session, resolved, request)
    definition = _allowed_definition(session, resolved, definitions, request)
    if said := request.ttl or definition.extension.ttl:
        parse_ttl(said)  # one that makes no sense is an error before anything is built
    name = _name(session, resolved, request)
    subject = f"up {name} {resolved.branch}"
    with (
        newest_run(run, subject, resolved) as newest,
        noting_failure(run, request, name, resolved.commit.id, resolved.branch),
    ):

        def freeze(*, use_cache: bool = True, pins_again: bool = False) -> Deployment:
            release = freeze_resolved(
                newest.run,
                resolved,
                use_cache=use_cache,
                pins_again=pins_again,
                attests=request.role in session.settings.require_signed,
                definitions=definitions,
                wanted=definition.name,
                before_building=lambda: _refuse_without_room(session, resolved, definition, request),
            ).release
            return _deployment(session, resolved, request, definition, release)

        with announced_build(newest.run, name, resolved.branch, resolved.commit.id, definition):
            deployment = freeze(use_cache=request.use_cache, pins_again=request.pins_again)
        attested = begin(lambda: is_attested(session, deployment.release), name="previewer-attested")
        with _telling_when_pinned(session, deployment.release):
            result = newest.when_unlocked(lambda: deploy_with_retry(newest.run, deployment, rebuild=freeze))
        is_new = result.release != deployment.release or attested.exception() is not None or not attested.result()
        if is_new:
            with suppress(CancelledError):  # it runs; reading its images would only have kept it from starting
                attest(newest.run, result.release)
    if uncommitted.done() and not uncommitted.exception() and (count := uncommitted.result()):
        message = f"{counted(count, 'uncommitted change')} in the working tree: not part of what runs"
        run.report(Noted(message, "commit, and `previewer up` again"))
    return _looked_at_again(run, result) if result.changed and is_new else result


def _looked_at_again(run: Run, result: UpResult) -> UpResult:
    """With the states that services have now: listing packages takes a while. What failed stays."""
    owner = result.environment.ownership
    selection = Selection(installation=owner.installation, operation=owner.operation)
    try:
        found = list_environments(run.session.engine.observe(selection))
    except EngineError:
        return result  # what was ready is not called dead because the engine is
    if not found:
        return result
    environment = replace(result.environment, state=found[0].state, services=found[0].services)
    for line in failures_of(run.session, environment):
        run.report(Noted(line))
    return replace(result, environment=environment)


@contextmanager
def _telling_when_pinned(session: Session, release: Release) -> Iterator[None]:
    """Add to a failure of services since when their images are what they are: a base may have moved on."""
    try:
        yield
    except UnhealthyError as error:
        with suppress(SourceError):  # the failure itself counts more than what the ledger says of it
            entries = session.ledger.entries()
            frozen = (e.at for e in entries if e.action == "freeze" and e.release == release.id)
            if (pinned := next(frozen, None)) is not None and session.clock() - pinned > RECENTLY:
                line = f"its images were pinned {format_time(pinned)}; `previewer up --pull` pins them again"
                error.details = (*error.details, line)
        raise


def _refuse_without_room(
    session: Session, resolved: ResolvedRevision, definition: Definition, request: DeployRequest
) -> None:
    """Raise :class:`CapacityError` rather than build images of what will not fit. Who waits builds meanwhile."""
    if request.is_queued:
        return
    name, everything = _name(session, resolved, request), session.engine.observe(Selection())
    isolated = isolated_for(session, definition, request.role, branch=resolved.branch, commit=resolved.commit.id)
    need = need_of(
        isolated.definition,
        subnet_prefix=session.settings.subnet_prefix,
        is_new=everything.of_installation(session.source.installation).of(name).is_empty,
    )
    check_capacity(session, need, everything, environment=name)


def _name(session: Session, resolved: ResolvedRevision, request: DeployRequest) -> str:
    subject = resolved.branch or resolved.pull_request or resolved.commit.short
    return environment_name(session, request, subject)


def _allowed_definition(
    session: Session, resolved: ResolvedRevision, definitions: tuple[Definition, ...], request: DeployRequest
) -> Definition:
    """The one of ``definitions`` that is to run, held against the policy of the role that the user asked for."""
    definition = choose_definition(definitions, request.role, request.definition)
    refuse_empty(definition)
    enforce_policy(session, resolved, definition, request.role)
    return definition


def _deployment(
    session: Session, resolved: ResolvedRevision, request: DeployRequest, definition: Definition, release: Release
) -> Deployment:
    name = _name(session, resolved, request)
    return Deployment(release, request, name, resolved.branch, definition.name)


def _to_freeze(session: Session, resolved: ResolvedRevision, definition: Definition) -> Release:
    """What freezing would give, but for the images."""
    return Release(
        project=session.project,
        commit=resolved.commit.id,
        tree=resolved.commit.tree,
        committed_at=resolved.commit.committed_at,
        definitions={definition.name: FrozenDefinition(definition, {})},
        files=frozen_files(session, resolved, (definition,)),
    )
