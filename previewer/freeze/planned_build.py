"""One service's build: read from the commit, then, once its bases are known, complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.json_value import JsonValue, digest_of
from previewer.domain.labels import INPUT_DIGEST, MANAGED_BY, MANAGED_BY_VALUE, PROJECT
from previewer.domain.naming import image_reference
from previewer.domain.service import Service
from previewer.errors import DefinitionError
from previewer.freeze.build_context import BuildContext, read_build_context
from previewer.freeze.build_options import BuildOptions, read_build_options
from previewer.freeze.dockerfile import Dockerfile, read_dockerfile
from previewer.freeze.dockerfile_bases import BaseUse, find_bases
from previewer.freeze.dockerfile_pinning import pin_dockerfile
from previewer.freeze.protocol import BuildRequest, PinnedImage
from previewer.freeze.tree_archive import archive_entries

DIGEST_VERSION = 1
"""Part of every input digest: to be raised when the same inputs come to mean another image."""

ImageRequest = tuple[str, str]
"""A reference and the platform it is wanted for."""


@dataclass(frozen=True, slots=True)
class PlannedBuild:
    """A build whose bases are not yet resolved."""

    definition: str
    service: str
    context: BuildContext
    options: BuildOptions
    target: str | None
    dockerfile: Dockerfile
    bases: tuple[BaseUse, ...]

    @property
    def image_requests(self) -> frozenset[ImageRequest]:
        """The images that it needs."""
        return frozenset((use.reference, use.platform) for use in self.bases)


@dataclass(frozen=True, slots=True)
class CompleteBuild:
    """A build that depends on nothing but what it holds."""

    plan: PlannedBuild
    dockerfile: str
    """The text, pinned."""
    input_digest: str
    """Of everything that can change the image."""
    reference: str
    """The name that the image is given."""


def plan_build(tree: FileTree, definition: Definition, service: Service, *, platform: str) -> PlannedBuild:
    """Read what a service's build needs from the commit; ``platform`` is the engine's.

    Raises what :func:`read_build_options`, :func:`read_build_context` and :func:`find_bases` raise.
    """
    build = service.build
    if build is None:
        raise DefinitionError(f"the service {service.name} has no build", where=definition.name)
    options = read_build_options(definition, service, build, default_platform=platform)
    context = read_build_context(tree, definition, service, build)
    dockerfile = read_dockerfile(context.dockerfile)
    bases = find_bases(
        dockerfile, args=options.args, target=build.target, platform=options.platform, where=context.where
    )
    return PlannedBuild(definition.name, service.name, context, options, build.target, dockerfile, bases)


def complete_build(
    plan: PlannedBuild, *, project: str, pinned: Mapping[ImageRequest, tuple[PinnedImage, str]]
) -> CompleteBuild:
    """Put the resolved bases (each with the reference to build from) into the Dockerfile and take the digest."""
    uses = [(use, pinned[use.reference, use.platform]) for use in plan.bases]
    text = pin_dockerfile(plan.dockerfile, [(use, reference) for use, (_, reference) in uses])
    digest = input_digest(
        project=project,
        context=plan.context,
        dockerfile=text,
        options=plan.options,
        target=plan.target,
        base_images=[base.image for _, (base, _) in uses],
    )
    return CompleteBuild(plan, text, digest, image_reference(project, plan.service, digest))


def input_digest(
    *,
    project: str,
    context: BuildContext,
    dockerfile: str,
    options: BuildOptions,
    target: str | None,
    base_images: list[str],
) -> str:
    """The digest of everything that a build's result depends on, and of nothing that it doesn't.

    The commit is not in it: commits with equal inputs share an image. The project is, so that pruning one
    project never takes an image that another one counts on.
    """
    entries: list[JsonValue] = [[path, entry.kind.value, entry.object_id] for path, entry in context.entries]
    return digest_of(
        {
            "version": DIGEST_VERSION,
            "project": project,
            "context": entries,
            "dockerfile": dockerfile,
            "dockerfile_path": context.dockerfile_path,
            "target": target,
            "args": dict(options.args),
            "labels": dict(options.labels),
            "platform": options.platform,
            "bases": list(base_images),
        }
    )


def build_request(
    build: CompleteBuild, *, tree: FileTree, project: str, commit_time: int, use_cache: bool
) -> BuildRequest:
    """What the builder is asked for.

    Labels are part of an image's content, so only those are set that depend on the inputs alone: neither commit
    nor service nor time, which would give each commit an image of its own.
    """
    plan = build.plan
    entries = plan.context.entries
    return BuildRequest(
        service=plan.service,
        reference=build.reference,
        dockerfile=build.dockerfile,
        dockerfile_path=plan.context.dockerfile_path,
        where=plan.context.where,
        context=lambda: archive_entries(tree, entries, commit_time=commit_time),
        target=plan.target,
        args=plan.options.args,
        labels={
            **plan.options.labels,
            MANAGED_BY: MANAGED_BY_VALUE,
            PROJECT: project,
            INPUT_DIGEST: build.input_digest,
        },
        platform=plan.options.platform,
        commit_time=commit_time,
        use_cache=use_cache and plan.options.use_cache,
    )
