"""Freeze a revision into a release and keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from previewer.deployment.supersede import newest_run
from previewer.domain.build.freeze_plan import FreezePlan, build_differences
from previewer.domain.commit.revision import ResolvedRevision
from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role
from previewer.domain.compose.mounted_files import digest_tree_files, tree_sources
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import Finding, check_inherited, raise_for
from previewer.domain.progress import Noted, Outcome, TaskFinished, TaskStarted
from previewer.domain.record.history import LedgerEntry
from previewer.domain.release.release import FrozenDefinition, Release, joined, pins_of
from previewer.domain.units import counted
from previewer.errors import FreezeError, RegistryError
from previewer.releases.attest import attest
from previewer.releases.definitions import RunRequest, choose_definition, read_definitions, refuse_empty
from previewer.releases.named_release import newest_first
from previewer.releases.registry_access import is_vouched_for, note_frozen, registry_cache
from previewer.session.run import Run
from previewer.session.session import Session


def _do_nothing() -> None:
    """No confirmation is asked before something is built."""


class FreezeResult(Struct, frozen=True):
    """The release of a commit."""

    release: Release
    was_known: bool
    """Whether the commit had been frozen before, and every image of it is still there."""


def plan_freeze(
    session: Session,
    revision: str,
    *,
    choice: ReadingChoice = DEFAULT_CHOICE,
    use_cache: bool = True,
    pins_again: bool = False,
) -> FreezePlan:
    """What :func:`freeze` would do. No registry is asked, so whether an image's inputs are known is not told."""
    from previewer.freeze.planned_images import plan_images

    resolved = session.source.resolve(revision)
    definitions = read_definitions(session, resolved, RunRequest(choice=choice))
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
    run: Run,
    revision: str,
    *,
    choice: ReadingChoice = DEFAULT_CHOICE,
    use_cache: bool = True,
    pins_again: bool = False,
) -> FreezeResult:
    """The release of ``revision``: the one that is kept, or a new one.

    References are resolved to digests once, so a commit that was frozen keeps its release even if a tag has
    moved since. With ``pins_again`` registries are asked what references mean now, and what stands on other
    images than before is built. Without ``use_cache`` every image is built again. Raises
    :class:`SupersededError` when another freeze of the branch begins meanwhile, at another commit.
    """
    resolved = run.session.source.resolve(revision)
    with newest_run(run, f"freeze {resolved.branch}", resolved) as newest:
        return freeze_resolved(
            newest.run,
            resolved,
            definitions=read_definitions(run.session, resolved, RunRequest(choice=choice)),
            use_cache=use_cache,
            pins_again=pins_again,
        )


def freeze_resolved(
    run: Run,
    resolved: ResolvedRevision,
    *,
    use_cache: bool,
    pins_again: bool = False,
    attests: bool = True,
    definitions: tuple[Definition, ...],
    wanted: str | None = None,
    before_building: Callable[[], None] = _do_nothing,
) -> FreezeResult:
    """:func:`freeze` for a revision that was looked up before; its branch may have moved on since.

    Without ``attests`` the caller writes down what is in the release. ``definitions`` are the commit's, as
    :func:`read_definitions` gives them; ``wanted`` is the one that is about to run, by default a preview's. Others
    are left out where they cannot be frozen. ``before_building`` is called unless there is a release already.
    """
    wanted = wanted or choose_definition(definitions, Role.PREVIEW, None).name
    for warning in dict.fromkeys(text for definition in definitions for text in definition.warnings):
        run.report(Noted(warning))
    is_wanted = use_cache and not pins_again
    if is_wanted and (known := find_release(run.session, resolved, definitions, wanted=wanted)) is not None:
        task = f"freeze {resolved.commit.short}"
        run.report(TaskStarted(task, "freeze"))
        run.report(TaskFinished(task, Outcome.CACHED, 0.0, "frozen before"))
        if attests:
            attest(run, known)
        return FreezeResult(known, was_known=True)
    before_building()
    release = _freeze_definitions(run, resolved, definitions, wanted, use_cache=use_cache)
    for difference in build_differences(release):
        run.report(Noted(f"{difference}", "what staging has shown then says nothing of production"))
    _keep(run.session, release)
    if attests:
        attest(run, release)
    return FreezeResult(release, was_known=False)


def _freeze_definitions(
    run: Run, resolved: ResolvedRevision, definitions: Sequence[Definition], wanted: str, *, use_cache: bool
) -> Release:
    """All of them at once; where that fails, the wanted one, and then each of the others that can be had."""

    def freeze_these(chosen: Sequence[Definition], recorded: Mapping[str, str]) -> Release:
        return _freeze_together(run, resolved, chosen, recorded, use_cache=use_cache)

    unread = set(_names_of(run.session, resolved)) - {definition.name for definition in definitions}
    try:
        return structs.replace(freeze_these(definitions, {}), left_out=tuple(sorted(unread)))
    except (FreezeError, RegistryError):
        if len(definitions) == 1:
            raise
    release = freeze_these([definition for definition in definitions if definition.name == wanted], {})
    left_out = unread
    for definition in definitions:
        if definition.name == wanted:
            continue
        try:
            release = joined(release, freeze_these([definition], pins_of(release)))
        except (FreezeError, RegistryError) as error:
            left_out = left_out | {definition.name}
            hint = f"promoting to it freezes it: previewer promote … --to {definition.role.value}"
            run.report(Noted(f"the definition {definition.name} is left out of the release: {error}", hint))
    return structs.replace(release, left_out=tuple(sorted(left_out)))


def _names_of(session: Session, resolved: ResolvedRevision) -> tuple[str, ...]:
    from previewer.definition.discover import definition_names

    return definition_names(session.source.tree(resolved.commit.id))


def _freeze_together(
    run: Run,
    resolved: ResolvedRevision,
    definitions: Sequence[Definition],
    recorded: Mapping[str, str],
    *,
    use_cache: bool,
) -> Release:
    """``recorded`` is what references meant already for another part of the same release."""
    session = run.session
    from previewer.freeze.freeze_commit import freeze_commit  # a commit that is frozen needs nothing of it
    from previewer.releases.named_images import permit_images

    release = freeze_commit(
        tree=session.source.tree(resolved.commit.id),
        commit=resolved.commit,
        project=session.project,
        cache_scope=session.cache_scope(branch=resolved.branch, commit=resolved.commit.id),
        definitions=list(map(session.references.resolve, definitions)),
        images=session.images,
        permit=permit_images(session, resolved, definitions),
        use_cache=use_cache,
        report=run.report,
        cancellation=run.cancellation,
        parallel=session.settings.parallel_builds,
        variables=session.settings.allowed_variables,
        cache=registry_cache(session),
        recorded=recorded,
    )
    _check_images(session, resolved, release)
    return _referring(release, definitions)


def plan_completion(session: Session, release: Release, role: Role) -> Release:
    """What :func:`complete_release` would give, but for the images."""
    resolved = session.source.resolve(release.commit)
    missing = choose_definition(read_definitions(session, resolved, RunRequest(role)), role, None)
    refuse_empty(missing)
    files = frozen_files(session, resolved, [missing])
    part = structs.replace(release, definitions={missing.name: FrozenDefinition(missing, {})}, files=files)
    return joined(release, part)


def complete_release(run: Run, release: Release, role: Role) -> Release:
    """``release`` with the definition for ``role`` that it was frozen without: another release of the same commit.

    What both name is what it was in ``release``. Raises what reading or freezing that definition raises.
    """
    resolved = run.session.source.resolve(release.commit)
    definitions = read_definitions(run.session, resolved, RunRequest(role))
    missing = choose_definition(definitions, role, None)
    refuse_empty(missing)
    part = _freeze_together(run, resolved, [missing], pins_of(release), use_cache=True)
    completed = joined(release, part)
    _keep(run.session, completed)
    attest(run, completed)
    return completed


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
    session: Session, resolved: ResolvedRevision, definitions: tuple[Definition, ...], *, wanted: str | None = None
) -> Release | None:
    """The release that freezing the revision now would give without building, if there is one.

    ``definitions`` are all of the commit's. One that lacks some will do for running the ``wanted`` one. It counts
    only if its images are there, if it was frozen here or somebody who is trusted vouches for it, and if no build
    of it mounted caches that other branches write to.
    """
    for release in newest_first(session, session.ledger.releases_of(resolved.commit.id)):
        if not _has_same(session, release, definitions, wanted) or not is_vouched_for(session, release.id):
            continue
        mounted = {artifact.cache_scope for artifact in release.artifacts} - {""}
        if mounted and mounted != {session.cache_scope(branch=resolved.branch, commit=resolved.commit.id)}:
            continue
        if not session.images.missing({artifact.image for artifact in release.artifacts}):
            return release
    return None


def _has_same(session: Session, release: Release, definitions: Sequence[Definition], wanted: str | None) -> bool:
    """Whether ``release`` was frozen from these very definitions, or all but some that it was to run without."""
    asked = {d.name: d for d in definitions if d.name == wanted or d.name not in release.left_out}
    frozen = {name: entry.definition for name, entry in release.definitions.items()}
    if asked.keys() != frozen.keys() or any(asked[n].choice != d.choice for n, d in frozen.items()):
        return False
    models: JsonObject = {name: definition.model for name, definition in frozen.items()}
    return session.references.alike(models, {name: definition.model for name, definition in asked.items()})
