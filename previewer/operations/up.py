"""Let an environment run a kept release: nothing is built, and neither git nor Compose files are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from previewer.background import begin
from previewer.deployment.capacity import check_capacity
from previewer.deployment.deploy import deploy_with_retry, plan_deploy
from previewer.deployment.deployment import Act, Deployment, UpResult
from previewer.deployment.routing import announced_build
from previewer.deployment.supersede import claimed, newest_run
from previewer.domain import naming
from previewer.domain.commit.revision import ResolvedRevision, short_id
from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role
from previewer.domain.deploy.plan import Plan
from previewer.domain.engine.capacity import need_of
from previewer.domain.environment.environment import list_environments
from previewer.domain.progress import Noted
from previewer.domain.release.release import FrozenDefinition, Release
from previewer.domain.units import counted, format_time, parse_ttl
from previewer.engine.protocol import Selection
from previewer.errors import CancelledError, EngineError, SourceError, UnhealthyError, UsageError
from previewer.operations.freeze import find_release, freeze_resolved, frozen_files
from previewer.records.environments import failures_of
from previewer.releases.attest import attest
from previewer.releases.definitions import (
    RunRequest,
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


def plan_up_release(session: Session, release: str, options: UpOptions) -> Plan:
    """What :func:`up_release` would do on the engine."""
    return plan_deploy(session, release_deployment(session, find_release_named(session, release), options))


def up_release(run: Run, release: str, options: UpOptions) -> UpResult:
    """Run the release that ``release`` names (its id or the beginning of it, a frozen revision, an environment).

    Images that the engine lacks are pulled by digest. Raises :class:`PolicyError` where the role refuses the
    frozen definition, and :class:`NotFoundError` where an image is nowhere to be had.
    """
    if (reservation := distrust(run.session)) is not None:
        run.report(reservation)
    found = find_release_named(run.session, release)
    deployment = release_deployment(run.session, found, options)
    return deploy_release(run, deployment)


def release_deployment(session: Session, release: Release, options: UpOptions) -> Deployment:
    """The deployment of a release, from what it says itself."""
    definitions = [frozen.definition for frozen in release.definitions.values()]
    branch = options.branch or find_branch(session, release)
    return Deployment(
        release=release,
        role=options.role,
        name=release_environment(session, release, branch, options),
        branch=branch,
        definition=choose_definition(definitions, options.role, options.definition).name,
        data=options.data,
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


def deploy_release(run: Run, deployment: Deployment) -> UpResult:
    """:func:`deploy`, once the definition's images are on the engine, where pruning leaves them."""

    def obtain() -> Deployment:
        artifacts = deployment.release.definitions[deployment.definition].artifacts.values()
        obtain_images(run, deployment.release, artifacts=artifacts)
        return deployment

    with claimed(run.session, f"run {deployment.name}", deployment.release.commit):
        return deploy_with_retry(run, obtain(), rebuild=obtain)


RECENTLY = timedelta(hours=1)
"""After pinning, a moved tag is not suspected for this long."""


class UpOptions(Struct, frozen=True):
    """What the user may say about an environment."""

    role: Role = Role.PREVIEW
    definition: str | None = None
    """Which of the commit's definitions; ``None`` for the role's."""
    choice: ReadingChoice = DEFAULT_CHOICE
    """How that one is read."""
    branch: str | None = None
    """The branch that the commit is of, where the revision does not say it."""
    name: str | None = None
    """The environment's name; ``None`` for one made of the project and the branch, or the role."""
    data: str = ""
    """The snapshot that volumes are clones of, ``from:ENVIRONMENT`` or ``empty``; empty for those of seeds."""
    ttl: str | None = None
    """``90m 10h 5d 1d12h never``; ``None`` for the role's default."""
    timeout: float | None = None
    """Seconds to wait for health; ``None`` for the setting."""
    is_queued: bool = False
    """Whether to wait for room on the engine, at most ``timeout``, instead of failing where there is none."""
    use_cache: bool = True
    """Whether images that were built before, and the builder's cache, may be used."""
    pins_again: bool = False
    """Whether registries are asked what references mean now, although the commit was frozen before."""
    process: str | None = None
    """The process that the environment ends with; ``None`` for one that lives on."""
    action: Act = "up"
    """What the ledger calls it."""

    @property
    def request(self) -> RunRequest:
        """Which of a commit's definitions is to be read, and how."""
        return RunRequest(self.role, self.definition, self.choice)


def plan_up(session: Session, revision: str, options: UpOptions) -> Plan:
    """What :func:`up` would do on the engine. Nothing is made; images that are not frozen yet are named so."""
    resolved = _resolve(session, revision, options)
    session = with_secrets(Run(session), options.role, branch=resolved.branch, commit=resolved.commit.id).session
    definitions = read_definitions(session, resolved, options.request)
    definition = _allowed_definition(session, resolved, definitions, options)
    release = find_release(session, resolved, definitions, wanted=definition.name)
    deployment = _deployment(
        session, resolved, options, definition, release or _to_freeze(session, resolved, definition)
    )
    plan = plan_deploy(session, replace(deployment, is_frozen=release is not None))
    reservation = distrust(session)
    return plan if reservation is None else replace(plan, notes=(reservation.message, *plan.notes))


def _resolve(session: Session, revision: str, options: UpOptions) -> ResolvedRevision:
    """Raises :class:`UsageError` for a commit that is not on the default branch and called by its name."""
    resolved = session.source.resolve(revision)
    branch = options.branch
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


def up(run: Run, revision: str, options: UpOptions) -> UpResult:
    """Freeze ``revision`` and run it. What runs already stays until its successor is healthy.

    Whatever ends it early (a failure, an interruption) undoes what it made; the engine is then as before. Raises
    :class:`SupersededError` when another run for the same branch and environment begins at another commit. What
    failed since it was ready stays, and is in the result.
    """
    session = run.session
    session.prefetch_engine(makes=True)
    resolved = _resolve(session, revision, options)
    uncommitted = begin(lambda: session.source.count_uncommitted(resolved.commit.id), name="previewer-uncommitted")
    if (reservation := distrust(session)) is not None:
        run.report(reservation)
    run = with_secrets(run, options.role, branch=resolved.branch, commit=resolved.commit.id)
    session = run.session
    definitions = read_definitions(session, resolved, options.request)
    definition = _allowed_definition(session, resolved, definitions, options)
    if said := options.ttl or definition.extension.ttl:
        parse_ttl(said)  # one that makes no sense is an error before anything is built
    subject = f"up {environment_name(session, resolved, options)} {resolved.branch}"
    with newest_run(run, subject, resolved) as newest:

        def freeze(*, use_cache: bool = True, pins_again: bool = False) -> Deployment:
            release = freeze_resolved(
                newest.run,
                resolved,
                use_cache=use_cache,
                pins_again=pins_again,
                attests=options.role in session.settings.require_signed,
                definitions=definitions,
                wanted=definition.name,
                before_building=lambda: _refuse_without_room(session, resolved, definition, options),
            ).release
            return _deployment(session, resolved, options, definition, release)

        name = environment_name(session, resolved, options)
        with announced_build(newest.run, name, resolved.branch, resolved.commit.id, definition):
            deployment = freeze(use_cache=options.use_cache, pins_again=options.pins_again)
        with _telling_when_pinned(session, deployment.release):
            result = newest.when_unlocked(lambda: deploy_with_retry(newest.run, deployment, rebuild=freeze))
        with suppress(CancelledError):  # it runs; reading its images would only have kept it from starting
            attest(newest.run, result.release)
    if uncommitted.done() and not uncommitted.exception() and (count := uncommitted.result()):
        message = f"{counted(count, 'uncommitted change')} in the working tree: not part of what runs"
        run.report(Noted(message, "commit, and `previewer up` again"))
    return _looked_at_again(run, result) if result.changed else result


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
    session: Session, resolved: ResolvedRevision, definition: Definition, options: UpOptions
) -> None:
    """Raise :class:`CapacityError` rather than build images of what will not fit. Who waits builds meanwhile."""
    if options.is_queued:
        return
    name, everything = environment_name(session, resolved, options), session.engine.observe(Selection())
    isolated = isolated_for(session, definition, options.role, branch=resolved.branch, commit=resolved.commit.id)
    need = need_of(
        isolated.definition,
        subnet_prefix=session.settings.subnet_prefix,
        is_new=everything.of_installation(session.source.installation).of(name).is_empty,
    )
    check_capacity(session, need, everything, environment=name)


def environment_name(session: Session, resolved: ResolvedRevision, options: UpOptions) -> str:
    """The name that the environment gets: the user's, the role's, or the branch's (else the commit's)."""
    if options.name is not None:
        return naming.slug(options.name)
    if options.role is not Role.PREVIEW:
        return naming.environment_name(session.project, options.role.value)
    return naming.environment_name(
        session.project, resolved.branch or resolved.pull_request or resolved.commit.short
    )


def _allowed_definition(
    session: Session, resolved: ResolvedRevision, definitions: tuple[Definition, ...], options: UpOptions
) -> Definition:
    """The one of ``definitions`` that is to run, held against the policy of the role that the user asked for."""
    definition = choose_definition(definitions, options.role, options.definition)
    refuse_empty(definition)
    enforce_policy(session, resolved, definition, options.role)
    return definition


def _deployment(
    session: Session, resolved: ResolvedRevision, options: UpOptions, definition: Definition, release: Release
) -> Deployment:
    return Deployment(
        release=release,
        role=options.role,
        name=environment_name(session, resolved, options),
        branch=resolved.branch,
        definition=definition.name,
        data=options.data,
        ttl=options.ttl,
        timeout=options.timeout,
        action=options.action,
        process=options.process,
        is_queued=options.is_queued,
    )


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
