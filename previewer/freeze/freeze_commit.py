"""Freeze a commit: every image of every service of every definition, by content, in one release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.files import FileTree
from previewer.domain.commit.revision import Commit, short_id
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.mounted_files import digest_tree_files
from previewer.domain.data.seeds import frozen_sources
from previewer.domain.naming import input_tag
from previewer.domain.progress import Noted, Outcome, Report, TaskOutput
from previewer.domain.release.release import Artifact, BaseImage, FrozenDefinition, Release
from previewer.errors import FreezeError, RegistryError
from previewer.freeze.canonical.layer import CANONICAL_TIME
from previewer.freeze.parallel import reported_task, run_parallel
from previewer.freeze.planned_build import CompleteBuild, ImageRequest, PlannedBuild, build_request, complete_build
from previewer.freeze.planned_images import ImageSource, Permit, PlannedImages, read_planned_images
from previewer.freeze.protocol import BuildCache, BuildRequest, BuiltImage, CachedBuild, Images, PinnedImage


class Rebuild(Struct, frozen=True):
    """How a release is built once more, to be compared with what it has."""

    recorded: Mapping[str, str]
    """What references meant then: a reference by digest, or a config digest, by what the definition says."""
    repository: str
    """The built images are called ``repository:TAG``."""


class _Freezing(Struct, frozen=True):
    """What all steps of one freeze share."""

    tree: FileTree
    commit: Commit
    project: str
    cache_scope: str
    images: Images
    use_cache: bool
    report: Report
    cancellation: Cancellation
    parallel: int
    cache: BuildCache | None
    rebuild: Rebuild | None
    recorded: Mapping[str, str]


def freeze_commit(
    *,
    tree: FileTree,
    commit: Commit,
    project: str,
    cache_scope: str,
    definitions: Sequence[Definition],
    images: Images,
    permit: Permit,
    use_cache: bool = True,
    report: Report,
    cancellation: Cancellation,
    parallel: int = 4,
    variables: Mapping[str, str] | None = None,
    cache: BuildCache | None = None,
    rebuild: Rebuild | None = None,
    recorded: Mapping[str, str] | None = None,
) -> Release:
    """Resolve and build what the definitions' services need; the release is not stored.

    An image whose inputs were built before is not built again, unless ``use_cache`` is off; equal inputs are built
    once however many services have them. What ``cache`` has is pulled instead. Build secrets may come from
    ``variables``. ``recorded`` is what references meant already, as :func:`pins_of` has it. Raises, before
    anything is built, what ``permit`` raises, :class:`DefinitionError`, :class:`FreezeError` for what can't be
    resolved, and :class:`UnsupportedError` for what nothing here can build; then :class:`BuildError`.
    """
    work = _Freezing(
        tree=tree.with_submodules,
        commit=commit,
        project=project,
        cache_scope=cache_scope,
        images=images,
        use_cache=use_cache,
        report=report,
        cancellation=cancellation,
        parallel=parallel,
        cache=cache,
        rebuild=rebuild,
        recorded=(rebuild.recorded if rebuild is not None else recorded) or {},
    )
    planned = read_planned_images(
        work.tree, definitions, commit=commit.id, platform=images.platform, variables=variables or {}
    )
    permit([(image, "") for image in planned.named])
    for warning in dict.fromkeys(text for build in planned.builds for text in build.warnings):
        report(Noted(warning))
    read = {source for definition in definitions for source in frozen_sources(definition)}
    return Release(
        project=project,
        commit=commit.id,
        tree=commit.tree,
        committed_at=commit.committed_at,
        definitions=_freeze_definitions(work, definitions, planned, permit),
        files=digest_tree_files(tree, read),
    )


def _freeze_definitions(
    work: _Freezing, definitions: Sequence[Definition], planned: PlannedImages, permit: Permit
) -> Mapping[str, FrozenDefinition]:
    pinned = _pin_all(work, planned.requests)
    for warning in dict.fromkeys(image.warning for image in pinned.values() if image.warning):
        work.report(Noted(warning))
    permit([(image, pinned[image.request].owner) for image in planned.named])
    bases = _name_bases(work, planned.builds, pinned)
    builds = {
        (plan.definition, plan.service): complete_build(
            plan, project=work.project, cache_scope=work.cache_scope, pinned=bases
        )
        for plan in planned.builds
    }
    built = _build_all_for_good(work, list(builds.values()))
    frozen = {}
    for definition in definitions:
        artifacts = {
            service: _artifact(source, definition.name, builds, built, pinned)
            for service, source in planned.sources[definition.name].items()
        }
        frozen[definition.name] = FrozenDefinition(definition, artifacts)
    return frozen


def _pin_all(work: _Freezing, requests: Sequence[ImageRequest]) -> Mapping[ImageRequest, PinnedImage]:
    pins = run_parallel(
        [partial(_pin, work, request) for request in requests], limit=work.parallel, cancellation=work.cancellation
    )
    return dict(zip(requests, pins, strict=True))


def _pin(work: _Freezing, request: ImageRequest, cancellation: Cancellation) -> PinnedImage:
    cancellation.check()
    reference, platform = request
    shown = reference if platform == work.images.platform else f"{reference} ({platform})"
    with reported_task(work.report, f"pin {shown}") as end:
        pinned = work.images.pin(
            work.recorded.get(reference, reference),
            platform,
            on_line=lambda line: work.report(TaskOutput(f"pin {shown}", line)),
            cancellation=cancellation,
        )
        end.detail = short_id(pinned.image)
    return pinned


def _name_bases(
    work: _Freezing, plans: Sequence[PlannedBuild], pinned: Mapping[ImageRequest, PinnedImage]
) -> Mapping[ImageRequest, tuple[PinnedImage, str]]:
    """What builds stand on, each with the reference to build from; each is named once."""
    requests = {request for plan in plans for request in plan.image_requests}
    distinct = {pinned[request] for request in requests}
    names = {image: work.images.name_base(image, work.project) for image in distinct}
    return {request: (pinned[request], names[pinned[request]]) for request in requests}


def _build_all_for_good(work: _Freezing, builds: Sequence[CompleteBuild]) -> Mapping[str, BuiltImage]:
    """The images by input digest, all of which were there a moment ago."""
    built = _build_all(work, builds)
    if work.images.missing({image.image for image in built.values()}):
        work.report(Noted("images of this freeze were removed meanwhile", "they are built again"))
        built = _build_all(work, builds)
    return built


def _build_all(work: _Freezing, builds: Sequence[CompleteBuild]) -> Mapping[str, BuiltImage]:
    """The images by input digest."""
    distinct = {build.input_digest: build for build in reversed(builds)}
    known = work.images.find_built(distinct.keys()) if work.use_cache and distinct else {}
    tasks = _task_names(list(distinct.values()))
    for digest in sorted(known.keys() & distinct.keys(), key=lambda digest: tasks[digest]):
        with reported_task(work.report, tasks[digest]) as end:
            end.outcome, end.detail = Outcome.CACHED, short_id(known[digest].image)
    missing = [build for digest, build in reversed(distinct.items()) if digest not in known]
    cached = _find_cached(work, [build.input_digest for build in missing])
    for build in missing:
        if build.input_digest not in cached:
            work.images.ensure_builder(_request(work, build))
    made = run_parallel(
        [partial(_obtain, work, b, tasks[b.input_digest], cached.get(b.input_digest)) for b in missing],
        limit=work.parallel,
        cancellation=work.cancellation,
    )
    return {**known, **{build.input_digest: image for build, image in zip(missing, made, strict=True)}}


def _find_cached(work: _Freezing, digests: Sequence[str]) -> Mapping[str, CachedBuild]:
    """A registry that does not answer costs a build, not the release."""
    if work.cache is None or not work.use_cache or not digests:
        return {}
    try:
        return work.cache.find(digests)
    except RegistryError as error:
        work.report(Noted(f"the registry is not searched for built images: {error}", error.hint or ""))
        return {}


def _obtain(
    work: _Freezing, build: CompleteBuild, task: str, cached: CachedBuild | None, cancellation: Cancellation
) -> BuiltImage:
    """Pull what was already built elsewhere; build the rest, and what cannot be pulled."""
    if cached is not None:
        try:
            return _pull(work, build, task, cached, cancellation)
        except (RegistryError, FreezeError) as error:
            work.report(Noted(f"{cached.reference} is not available, so it is built: {error}", error.hint or ""))
    return _build(work, build, task, cancellation)


def _pull(
    work: _Freezing, build: CompleteBuild, task: str, cached: CachedBuild, cancellation: Cancellation
) -> BuiltImage:
    pulling = f"pull for {task}"
    with reported_task(work.report, pulling) as end:
        work.images.pull(
            cached.image,
            cached.reference,
            cached.platform,
            name=build.reference,
            on_line=lambda line: work.report(TaskOutput(pulling, line)),
            cancellation=cancellation,
        )
        end.outcome, end.detail = Outcome.CACHED, short_id(cached.image)
    return BuiltImage(cached.image, cached.platform, cached.builder)


def _build(work: _Freezing, build: CompleteBuild, task: str, cancellation: Cancellation) -> BuiltImage:
    cancellation.check()
    for base in build.bases:  # their names may be old by now, and pruning takes old ones back
        work.images.name_base(base, work.project)
    with reported_task(work.report, task) as end:
        image = work.images.build(
            _request(work, build),
            on_line=lambda line: work.report(TaskOutput(task, line)),
            cancellation=cancellation,
        )
        end.detail = short_id(image.image)
    return image


def _request(work: _Freezing, build: CompleteBuild) -> BuildRequest:
    request = build_request(
        build,
        tree=work.tree,
        project=work.project,
        cache_scope=work.cache_scope,
        commit_time=CANONICAL_TIME,
        use_cache=work.use_cache,
    )
    if work.rebuild is None:
        return request
    return replace(request, reference=f"{work.rebuild.repository}:{input_tag(build.input_digest)}")


def _task_names(builds: Sequence[CompleteBuild]) -> Mapping[str, str]:
    """``build web`` by input digest, with the definition's name where two definitions build it differently."""
    services = [build.plan.service for build in builds]
    return {
        build.input_digest: f"build {build.plan.service}"
        if services.count(build.plan.service) == 1
        else f"build {build.plan.service} ({build.plan.definition})"
        for build in builds
    }


def _artifact(
    source: ImageSource,
    definition: str,
    builds: Mapping[tuple[str, str], CompleteBuild],
    built: Mapping[str, BuiltImage],
    pinned: Mapping[ImageRequest, PinnedImage],
) -> Artifact:
    if source.request is not None:
        image = pinned[source.request]
        return Artifact(
            image=image.image,
            platform=image.platform,
            origin="registry" if image.repository_digest else "engine",
            reference=source.request[0],
            repository_digest=image.repository_digest,
        )
    build = builds[definition, source.build]
    result = built[build.input_digest]
    return Artifact(
        image=result.image,
        platform=result.platform,
        origin=result.builder,
        reference=build.reference,
        input_digest=build.input_digest,
        bases=_bases(build, pinned),
        cache_scope=build.cache_scope,
    )


def _bases(build: CompleteBuild, pinned: Mapping[ImageRequest, PinnedImage]) -> tuple[BaseImage, ...]:
    return tuple(
        BaseImage(reference, pinned[reference, platform].image, pinned[reference, platform].repository_digest)
        for reference, platform in sorted(build.plan.image_requests)
    )
