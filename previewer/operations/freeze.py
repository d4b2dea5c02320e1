"""Freeze a revision into a release and keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import structs

from previewer.domain.build_differences import build_differences
from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Definition
from previewer.domain.freeze_plan import FreezePlan
from previewer.domain.history import LedgerEntry
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import Finding, check_inherited, raise_for
from previewer.domain.progress import Noted, Outcome, Report, TaskFinished, TaskStarted
from previewer.domain.release import Release
from previewer.domain.revision import ResolvedRevision
from previewer.domain.tree_files import digest_tree_files, tree_sources
from previewer.domain.wording import counted
from previewer.frozen import dataclass
from previewer.operations.definitions import read_definitions
from previewer.operations.generations.supersede import newest_run
from previewer.operations.releasing.attest import attest
from previewer.operations.releasing.named_release import newest_first
from previewer.operations.releasing.registry_access import is_vouched_for, note_frozen, registry_cache
from previewer.operations.session import Session


def _do_nothing() -> None:
    """Nobody asks for anything before something is built."""


@dataclass(frozen=True, slots=True)
class FreezeResult:
    """The release of a commit."""

    release: Release
    was_known: bool
    """Whether the commit had been frozen before, and every image of it is still there."""


def plan_freeze(
    session: Session, revision: str, *, use_cache: bool = True, pins_again: bool = False
) -> FreezePlan:
    """What :func:`freeze` would do. No registry is asked, so whether an image's inputs are known is not told."""
    from previewer.freeze.plan_freeze import plan_images

    resolved = session.source.resolve(revision)
    definitions = read_definitions(session, resolved)
    known = find_release(session, resolved, definitions) if use_cache and not pins_again else None
    if known is not None:
        return FreezePlan(resolved.commit.id, (), known.id)
    tree = session.source.tree(resolved.commit.id)
    variables = session.settings.allowed_variables
    platform = session.images.platform
    definitions = tuple(map(session.references.resolve, definitions))
    steps = plan_images(tree, definitions, commit=resolved.commit.id, platform=platform, variables=variables)
    return FreezePlan(resolved.commit.id, steps)


def freeze(
    session: Session,
    revision: str,
    *,
    use_cache: bool = True,
    pins_again: bool = False,
    report: Report,
    cancellation: Cancellation,
) -> FreezeResult:
    """The release of ``revision``: the one that is kept, or a new one.

    References are resolved to digests once, so a commit that was frozen keeps its release even if a tag has
    moved since. With ``pins_again`` registries are asked what references mean now, and what stands on other
    images than before is built. Without ``use_cache`` every image is built again. Raises
    :class:`SupersededError` when another freeze of the branch begins meanwhile, at another commit.
    """
    resolved = session.source.resolve(revision)
    with newest_run(session, f"freeze {resolved.branch}", resolved, cancellation) as run:
        return freeze_resolved(
            session,
            resolved,
            use_cache=use_cache,
            pins_again=pins_again,
            report=report,
            cancellation=run.cancellation,
        )


def freeze_resolved(
    session: Session,
    resolved: ResolvedRevision,
    *,
    use_cache: bool,
    pins_again: bool = False,
    attests: bool = True,
    definitions: tuple[Definition, ...] | None = None,
    before_building: Callable[[], None] = _do_nothing,
    report: Report,
    cancellation: Cancellation,
) -> FreezeResult:
    """:func:`freeze` for a revision that was looked up before; its branch may have moved on since.

    Without ``attests`` the caller writes down what is in the release. ``definitions`` are the commit's, all of
    them, if they were read and checked already. ``before_building`` is called unless there is a release already.
    """
    definitions = read_definitions(session, resolved) if definitions is None else definitions
    for warning in dict.fromkeys(text for definition in definitions for text in definition.warnings):
        report(Noted(warning))
    is_wanted = use_cache and not pins_again
    if is_wanted and (known := find_release(session, resolved, definitions)) is not None:
        task = f"freeze {resolved.commit.short}"
        report(TaskStarted(task, "freeze"))
        report(TaskFinished(task, Outcome.CACHED, 0.0, "frozen before"))
        if attests:
            attest(session, known, report=report, cancellation=cancellation)
        return FreezeResult(known, was_known=True)
    before_building()
    from previewer.freeze.freeze_commit import freeze_commit  # a commit that is frozen needs nothing of it
    from previewer.operations.releasing.named_images import permit_images

    release = freeze_commit(
        tree=session.source.tree(resolved.commit.id),
        commit=resolved.commit,
        project=session.project,
        cache_scope=session.cache_scope(branch=resolved.branch, commit=resolved.commit.id),
        definitions=list(map(session.references.resolve, definitions)),
        images=session.images,
        permit=permit_images(session, resolved, definitions),
        use_cache=use_cache,
        report=report,
        cancellation=cancellation,
        parallel=session.settings.parallel_builds,
        variables=session.settings.allowed_variables,
        cache=registry_cache(session),
    )
    _check_images(session, resolved, release)
    release = _referring(release, definitions)
    for difference in build_differences(release):
        report(Noted(f"{difference}", "what staging has shown then says nothing of production"))
    _keep(session, release)
    if attests:
        attest(session, release, report=report, cancellation=cancellation)
    return FreezeResult(release, was_known=False)


def _check_images(session: Session, resolved: ResolvedRevision, release: Release) -> None:
    """Raise :class:`PolicyError` for what services would get from their images and their roles may not have."""
    findings: list[Finding] = []
    for frozen in release.definitions.values():
        trust = session.trust(frozen.definition.role, branch=resolved.branch, commit=resolved.commit.id)
        for name, artifact in frozen.artifacts.items():
            service, config = frozen.definition.services[name], session.images.configuration(artifact.image)
            findings.extend(check_inherited(frozen.definition, service, config, trust))
    raise_for(findings)


def _referring(release: Release, definitions: Iterable[Definition]) -> Release:
    """The release of definitions that refer to variables, instead of those that were built with their values."""
    frozen = {d.name: structs.replace(release.definitions[d.name], definition=d) for d in definitions}
    return structs.replace(release, definitions=frozen)


def _keep(session: Session, release: Release) -> None:
    session.ledger.store_release(release)
    note_frozen(session, release.id)
    session.ledger.append(
        LedgerEntry(
            action="freeze",
            at=session.clock(),
            actor=session.source.actor,
            release=release.id,
            commit=release.commit,
            detail=counted(len(release.artifacts), "image"),
        )
    )


def frozen_files(
    session: Session, resolved: ResolvedRevision, definitions: Iterable[Definition]
) -> Mapping[str, str]:
    """Digests of the commit's files that the definitions' services read while they run, by path."""
    sources = {source for definition in definitions for source in tree_sources(definition)}
    return digest_tree_files(session.source.tree(resolved.commit.id), sources) if sources else {}


def find_release(
    session: Session, resolved: ResolvedRevision, definitions: tuple[Definition, ...]
) -> Release | None:
    """The release that freezing the revision now would give without building, if there is one.

    ``definitions`` are all of the commit's. It counts only if its images are there, if it was frozen here or
    somebody who is trusted vouches for it, and if no build of it mounted caches that other branches write to.
    """
    wanted: JsonObject = {definition.name: definition.model for definition in definitions}
    for release in newest_first(session, session.ledger.releases_of(resolved.commit.id)):
        frozen: JsonObject = {name: entry.definition.model for name, entry in release.definitions.items()}
        if not session.references.alike(frozen, wanted) or not is_vouched_for(session, release.id):
            continue
        mounted = {artifact.cache_scope for artifact in release.artifacts} - {""}
        if mounted and mounted != {session.cache_scope(branch=resolved.branch, commit=resolved.commit.id)}:
            continue
        if not session.images.missing({artifact.image for artifact in release.artifacts}):
            return release
    return None
