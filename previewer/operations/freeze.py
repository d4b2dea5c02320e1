"""Freeze a revision into a release and keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from previewer.deployment.supersede import newest_run
from previewer.domain.build import FreezePlan, build_differences, needs_no_more_images
from previewer.domain.commit.revision import ResolvedRevision, short_id
from previewer.domain.compose.definition import DEFAULT_CHOICE, Definition, ReadingChoice, Role
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.data.seeds import frozen_sources
from previewer.domain.deploy.request import DeployRequest
from previewer.domain.json_value import JsonObject
from previewer.domain.policy.check import Finding, check_inherited, raise_for
from previewer.domain.progress import Noted, Outcome, Report, TaskFinished, TaskStarted
from previewer.domain.record.notes import LedgerEntry
from previewer.domain.release.release import FrozenDefinition, Release, joined, pins_of
from previewer.domain.units import counted
from previewer.errors import FreezeError, RegistryError
from previewer.freeze.freeze_commit import freeze_commit
from previewer.freeze.planned_images import plan_images
from previewer.records.masking import mask_of_definitions, masking
from previewer.releases.attest import attest
from previewer.releases.definitions import choose_definition, permit_images, read_definitions, refuse_empty
from previewer.releases.named_release import newest_first
from previewer.releases.registry_access import is_vouched_for, note_frozen, registry_cache
from previewer.session.run import Run
from previewer.session.secrets import with_secrets
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
    resolved = session.source.resolve(revision)
    definitions = read_definitions(session, resolved, DeployRequest(choice=choice))
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
    run = with_secrets(run, Role.PREVIEW, branch=resolved.branch, commit=resolved.commit.id)
    with newest_run(run, f"freeze {resolved.branch}", resolved) as newest:
        return freeze_resolved(
            newest.run,
            resolved,
            definitions=read_definitions(run.session, resolved, DeployRequest(choice=choice)),
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
    :func:`read_definitions` gives them. ``wanted`` is the one that is about to run: of the others only those are
    frozen that need no image besides. Without it, all are that can be. ``before_building`` is called unless there
    is a release already.
    """
    for warning in dict.fromkeys(text for definition in definitions for text in definition.warnings):
        run.report(Noted(warning))
    is_fresh = not use_cache or pins_again
    if not is_fresh and (known := find_release(run.session, resolved, definitions, wanted=wanted)) is not None:
        task = f"freeze {resolved.commit.short}"
        run.report(TaskStarted(task, "freeze"))
        run.report(TaskFinished(task, Outcome.CACHED, 0.0, "frozen before"))
        if attests:
            attest(run, known)
        return FreezeResult(known, was_known=True)
    before_building()
    earlier = None if is_fresh else next(_releases_of(run.session, resolved, definitions), None)

    def freeze_these(chosen: Sequence[Definition], recorded: Mapping[str, str]) -> Release:
        return _freeze_together(run, resolved, chosen, recorded, use_cache=use_cache)

    release = _freeze_chosen(earlier, definitions, wanted, freeze_these, report=run.report)
    read = {definition.name for definition in definitions}
    names = read.union(_names_of(run.session, resolved))
    for name in sorted(names - read) if wanted is None else ():
        message = f"the definition {name} is left out of the release: it cannot be read, or its role refuses it"
        run.report(Noted(message, f"`previewer config {resolved.commit.short} --definition {name}` says why"))
    release = structs.replace(release, left_out=tuple(sorted(names - release.definitions.keys())))
    for difference in build_differences(release):
        run.report(Noted(f"{difference}", "what staging has shown then says nothing of production"))
    _keep(run.session, release)
    if attests:
        attest(run, release)
    return FreezeResult(release, was_known=False)


def _freeze_chosen(
    earlier: Release | None,
    definitions: Sequence[Definition],
    wanted: str | None,
    freeze_these: Callable[[Sequence[Definition], Mapping[str, str]], Release],
    *,
    report: Report,
) -> Release:
    """All that are to be frozen at once; where that fails, the first, and then each of the others that can be had.

    ``earlier`` is a release of the commit that lacks some of them. It is completed, upon the images that it has.
    """
    first = choose_definition(definitions, Role.PREVIEW, wanted)
    frozen = earlier.definitions.keys() if earlier is not None else frozenset()
    chosen = [d for d in definitions if d is first or wanted is None or needs_no_more_images(d, first)]
    missing = [definition for definition in chosen if definition.name not in frozen]
    if len(missing) > 1:
        try:
            if earlier is None:
                return freeze_these(missing, {})
            return joined(earlier, freeze_these(missing, pins_of(earlier)))
        except (FreezeError, RegistryError):
            pass  # which of them is at fault is found one by one
    release = earlier if earlier is not None else freeze_these([first], {})
    for definition in missing:
        if definition.name in release.definitions:
            continue
        try:
            release = joined(release, freeze_these([definition], pins_of(release)))
        except (FreezeError, RegistryError) as error:
            if definition is first:
                raise
            command = f"previewer promote {short_id(release.commit)} --to {definition.role.value}"
            hint = f"promoting to it freezes it: {command}"
            report(Noted(f"the definition {definition.name} is left out of the release: {error}", hint))
    return release


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
    with masking(run, mask_of_definitions(session, resolved.commit.id, definitions)) as masked:
        release = freeze_commit(
            tree=session.source.tree(resolved.commit.id),
            commit=resolved.commit,
            project=session.project,
            cache_scope=session.cache_scope(branch=resolved.branch, commit=resolved.commit.id),
            definitions=list(map(session.references.resolve, definitions)),
            images=session.images,
            permit=permit_images(session, resolved, definitions),
            use_cache=use_cache,
            report=masked.report,
            cancellation=masked.cancellation,
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
    session = with_secrets(Run(session), role, branch=resolved.branch, commit=resolved.commit.id).session
    missing = choose_definition(read_definitions(session, resolved, DeployRequest(role)), role, None)
    refuse_empty(missing)
    files = frozen_files(session, resolved, [missing])
    part = structs.replace(release, definitions={missing.name: FrozenDefinition(missing, {})}, files=files)
    return joined(release, part)


def complete_release(run: Run, release: Release, role: Role) -> Release:
    """``release`` with the definition for ``role`` that it was frozen without: another release of the same commit.

    What both name is what it was in ``release``. Raises what reading or freezing that definition raises.
    """
    resolved = run.session.source.resolve(release.commit)
    run = with_secrets(run, role, branch=resolved.branch, commit=resolved.commit.id)
    definitions = read_definitions(run.session, resolved, DeployRequest(role))
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
    """Digests of the commit's files that services read while they run or that seeds depend on, by path."""
    sources = {s for definition in definitions for s in frozen_sources(definition)}
    return digest_tree_files(session.source.tree(resolved.commit.id), sources) if sources else {}


def find_release(
    session: Session, resolved: ResolvedRevision, definitions: tuple[Definition, ...], *, wanted: str | None = None
) -> Release | None:
    """The release that freezing the revision now would give without building, if there is one.

    ``definitions`` are all of the commit's. One that lacks some will do for running the ``wanted`` one, and of
    several the one with the fewest: what runs already is not replaced because it was completed since. It counts
    only if its images are there, if it was frozen here or a trusted signer vouches for it, and if no build
    of it mounted caches that other branches write to.
    """
    names = {definition.name for definition in definitions} if wanted is None else {wanted}
    found = [r for r in _releases_of(session, resolved, definitions) if names <= r.definitions.keys()]
    return min(found, key=lambda release: len(release.definitions), default=None)


def _releases_of(
    session: Session, resolved: ResolvedRevision, definitions: Sequence[Definition]
) -> Iterator[Release]:
    """Releases of these very definitions, or of some of them, that may be used; newest first."""
    for release in newest_first(session, session.ledger.releases_of(resolved.commit.id)):
        if not _is_same(session, release, definitions) or not is_vouched_for(session, release.id):
            continue
        mounted = {artifact.cache_scope for artifact in release.artifacts} - {""}
        if mounted and mounted != {session.cache_scope(branch=resolved.branch, commit=resolved.commit.id)}:
            continue
        if not session.images.missing({artifact.image for artifact in release.artifacts}):
            yield release


def _is_same(session: Session, release: Release, definitions: Sequence[Definition]) -> bool:
    """Whether all that ``release`` has was frozen from ``definitions``, read alike."""
    read = {definition.name: definition for definition in definitions}
    frozen = {name: entry.definition for name, entry in release.definitions.items()}
    if not frozen.keys() <= read.keys() or any(read[n].choice != d.choice for n, d in frozen.items()):
        return False
    models: JsonObject = {name: definition.model for name, definition in frozen.items()}
    return session.references.alike(models, {name: read[name].model for name in frozen})
