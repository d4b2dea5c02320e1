"""Freeze a commit: every image of every service of every definition, by content, in one release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from previewer.domain.cancellation import Cancellation
from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.progress import Outcome, Report, TaskOutput
from previewer.domain.release import Artifact, FrozenDefinition, Release
from previewer.domain.revision import Commit, short_id
from previewer.domain.tree_files import digest_tree_files, tree_sources
from previewer.freeze.parallel import reported_task, run_parallel
from previewer.freeze.planned_build import (
    CompleteBuild,
    ImageRequest,
    PlannedBuild,
    build_request,
    complete_build,
    plan_build,
)
from previewer.freeze.protocol import BuiltImage, Images, PinnedImage
from previewer.freeze.service_images import ImageSource, find_image_sources


@dataclass(frozen=True, slots=True)
class _Freezing:
    """What all steps of one freeze share."""

    tree: FileTree
    commit: Commit
    project: str
    images: Images
    use_cache: bool
    report: Report
    cancellation: Cancellation
    parallel: int


def freeze_commit(
    *,
    tree: FileTree,
    commit: Commit,
    project: str,
    definitions: Sequence[Definition],
    images: Images,
    use_cache: bool = True,
    report: Report,
    cancellation: Cancellation,
    parallel: int = 4,
) -> Release:
    """Resolve and build what the definitions' services need; the release is not stored.

    An image whose inputs were built before is not built again, unless ``use_cache`` is off; equal inputs are built
    once however many services have them. Raises :class:`DefinitionError` or :class:`UnsupportedError` before
    anything is built, :class:`FreezeError` for what can't be resolved, :class:`BuildError` for a failed build.
    """
    work = _Freezing(tree, commit, project, images, use_cache, report, cancellation, parallel)
    sources = {
        definition.name: find_image_sources(definition, platform=images.platform) for definition in definitions
    }
    plans = [
        plan_build(tree, definition, definition.services[name], platform=images.platform)
        for definition in definitions
        for name in sorted({source.build for source in sources[definition.name].values() if source.build})
    ]
    pinned = _pin_all(work, _wanted(plans, sources.values()))
    builds = {(plan.definition, plan.service): _complete(work, plan, pinned) for plan in plans}
    built = _build_all(work, list(builds.values()))
    frozen = {}
    for definition in definitions:
        artifacts = {
            service: _artifact(source, definition.name, builds, built, pinned)
            for service, source in sources[definition.name].items()
        }
        frozen[definition.name] = FrozenDefinition(definition, artifacts)
    read = {source for definition in definitions for source in tree_sources(definition)}
    return Release(
        project=project,
        commit=commit.id,
        tree=commit.tree,
        committed_at=commit.committed_at,
        definitions=frozen,
        files=digest_tree_files(tree, read),
    )


def _wanted(
    plans: Sequence[PlannedBuild], sources: Collection[Mapping[str, ImageSource]]
) -> tuple[ImageRequest, ...]:
    """Every image that is to be resolved, once, in a stable order."""
    named = {source.request for found in sources for source in found.values() if source.request is not None}
    return tuple(sorted(named.union(*(plan.image_requests for plan in plans))))


def _pin_all(work: _Freezing, wanted: Sequence[ImageRequest]) -> Mapping[ImageRequest, PinnedImage]:
    found = run_parallel(
        [partial(_pin, work, request) for request in wanted], limit=work.parallel, cancellation=work.cancellation
    )
    return dict(zip(wanted, found, strict=True))


def _pin(work: _Freezing, request: ImageRequest, cancellation: Cancellation) -> PinnedImage:
    cancellation.check()
    reference, platform = request
    shown = reference if platform == work.images.platform else f"{reference} ({platform})"
    with reported_task(work.report, f"pin {shown}") as end:
        pinned = work.images.pin(reference, platform)
        end.detail = short_id(pinned.image)
    return pinned


def _complete(work: _Freezing, plan: PlannedBuild, pinned: Mapping[ImageRequest, PinnedImage]) -> CompleteBuild:
    bases = {request: (pinned[request], work.images.name_base(pinned[request])) for request in plan.image_requests}
    return complete_build(plan, project=work.project, pinned=bases)


def _build_all(work: _Freezing, builds: Sequence[CompleteBuild]) -> Mapping[str, BuiltImage]:
    """The images by input digest."""
    distinct = {build.input_digest: build for build in reversed(builds)}
    known = work.images.find_built(distinct.keys()) if work.use_cache and distinct else {}
    tasks = _task_names(list(distinct.values()))
    for digest in sorted(known.keys() & distinct.keys(), key=lambda digest: tasks[digest]):
        with reported_task(work.report, tasks[digest]) as end:
            end.outcome, end.detail = Outcome.CACHED, short_id(known[digest].image)
    missing = [build for digest, build in reversed(distinct.items()) if digest not in known]
    made = run_parallel(
        [partial(_build, work, build, tasks[build.input_digest]) for build in missing],
        limit=work.parallel,
        cancellation=work.cancellation,
    )
    return {**known, **{build.input_digest: image for build, image in zip(missing, made, strict=True)}}


def _build(work: _Freezing, build: CompleteBuild, task: str, cancellation: Cancellation) -> BuiltImage:
    cancellation.check()
    request = build_request(
        build,
        tree=work.tree,
        project=work.project,
        commit_time=int(work.commit.committed_at.timestamp()),
        use_cache=work.use_cache,
    )
    with reported_task(work.report, task) as end:
        image = work.images.build(
            request, on_line=lambda line: work.report(TaskOutput(task, line)), cancellation=cancellation
        )
        end.detail = short_id(image.image)
    return image


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
    )
