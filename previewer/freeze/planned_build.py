"""One service's build: read from the commit, then, once its bases are known, complete."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition
from previewer.domain.compose.service import Service
from previewer.domain.json_value import JsonObject, digest_of
from previewer.domain.labels import INPUT_DIGEST, MANAGED_BY, MANAGED_BY_VALUE, PROJECT
from previewer.domain.naming import SENT_DOCKERFILE, image_reference
from previewer.errors import DefinitionError
from previewer.freeze.build_context import (
    BuildContext,
    FurtherContexts,
    describe_entries,
    read_build_context,
    read_further_contexts,
)
from previewer.freeze.build_options import BuildOptions, read_build_options, secret_reader
from previewer.freeze.dockerfile.bases import NeededBases, find_bases
from previewer.freeze.dockerfile.instructions import Dockerfile, read_dockerfile
from previewer.freeze.dockerfile.pinning import leave_out, pin_dockerfile, refuse_remote_files
from previewer.freeze.dockerfile.repository_files import (
    COMMIT_ARGUMENT,
    declares_commit,
    may_mount_cache,
    refuse_git_folder,
    refuse_reserved_labels,
)
from previewer.freeze.protocol import BuildRequest, PinnedImage
from previewer.freeze.tree_archive import archive_entries

DIGEST_VERSION = 2
"""Part of every input digest: to be raised when the same inputs come to mean another image."""

ImageRequest = tuple[str, str]
"""A reference and the platform it is wanted for."""


class PlannedBuild(Struct, frozen=True):
    """A build whose bases are not yet resolved."""

    definition: str
    service: str
    context: BuildContext
    contexts: FurtherContexts
    options: BuildOptions
    target: str | None
    dockerfile: Dockerfile
    bases: NeededBases

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is done otherwise than the Dockerfile says."""
        frontends = (
            f"{self.context.where}:{line.line}: syntax={line.frontend} is left out: the engine's own Dockerfile "
            "frontend reads the file, so instructions that only the other one knows fail"
            for line in self.dockerfile.frontends
        )
        return (*frontends, *self.context.warnings)

    @property
    def image_requests(self) -> frozenset[ImageRequest]:
        """The images that it needs."""
        return frozenset((use.reference, use.platform) for use in self.bases.uses)


class CompleteBuild(Struct, frozen=True):
    """A build that depends on nothing but what it holds."""

    plan: PlannedBuild
    dockerfile: str
    """The text that a builder is sent: pinned, without the stages that the target does not need."""
    input_digest: str
    """The digest of everything that can change the image."""
    reference: str
    """The name that the image is given."""
    bases: tuple[PinnedImage, ...] = ()
    """The images that it takes something from, in the order of the file."""
    cache_scope: str = ""
    """Whose caches it mounts; empty where it mounts none."""


def plan_build(
    tree: FileTree,
    definition: Definition,
    service: Service,
    *,
    commit: str,
    platform: str,
    variables: Mapping[str, str],
) -> PlannedBuild:
    """Read what a service's build needs from the tree of ``commit``; ``platform`` is the engine's.

    ``variables`` are those of the caller's environment that the settings allow: build secrets may come from them.
    Raises what :func:`read_build_options`, :func:`read_build_context` and :func:`find_bases` raise.
    """
    build = service.build
    if build is None:
        raise DefinitionError(f"the service {service.name} has no build", where=definition.name)
    secrets = secret_reader(definition, tree, variables)
    options = read_build_options(definition, service, build, default_platform=platform, secrets=secrets)
    contexts = read_further_contexts(tree, definition, service, build)
    context = read_build_context(tree, definition, service, build)
    dockerfile = read_dockerfile(context.dockerfile)
    if declares_commit(dockerfile):
        options = replace(options, args={COMMIT_ARGUMENT: commit, **options.args})
    bases = find_bases(
        dockerfile,
        args=options.args,
        target=build.target,
        platform=options.platform,
        contexts=contexts,
        where=context.where,
    )
    refuse_remote_files(dockerfile, args=options.args, platform=options.platform, where=context.where)
    refuse_git_folder(dockerfile, bases.unneeded, where=context.where)
    refuse_reserved_labels(dockerfile, where=context.where)
    return PlannedBuild(definition.name, service.name, context, contexts, options, build.target, dockerfile, bases)


def complete_build(
    plan: PlannedBuild,
    *,
    project: str,
    cache_scope: str,
    pinned: Mapping[ImageRequest, tuple[PinnedImage, str]],
) -> CompleteBuild:
    """Put the resolved bases (each with the reference to build from) into the Dockerfile and take the digest.

    ``cache_scope`` says whose caches the build mounts, if it mounts any.
    """
    uses = [(use, pinned[use.reference, use.platform]) for use in plan.bases.uses]
    where = plan.context.where
    text = pin_dockerfile(plan.dockerfile, [(use, reference) for use, (_, reference) in uses], where=where)
    base_images = [base.image for _, (base, _) in uses]
    scope = cache_scope if may_mount_cache(plan.dockerfile) else ""
    digest = input_digest(
        project=project,
        context=plan.context,
        contexts=plan.contexts,
        # An engine's names for the bases are none of the image's business.
        dockerfile=pin_dockerfile(plan.dockerfile, [(use, base.image) for use, (base, _) in uses], where=where),
        options=plan.options,
        target=plan.target,
        base_images=base_images,
        cache_scope=scope,
    )
    reference = image_reference(project, plan.service, digest)
    sent = leave_out(text, plan.bases.unneeded)
    bases = tuple(dict.fromkeys(base for _, (base, _) in uses))
    return CompleteBuild(plan, sent, digest, reference, bases, scope)


def input_digest(
    *,
    project: str,
    context: BuildContext,
    contexts: FurtherContexts,
    dockerfile: str,
    options: BuildOptions,
    target: str | None,
    base_images: list[str],
    cache_scope: str,
) -> str:
    """The digest of everything that a build's result depends on, and of nothing that it doesn't.

    The commit is not in it: commits with equal inputs share an image. The project is, so that pruning one
    project never takes an image that another one counts on.
    """
    further: JsonObject = {name: describe_entries(entries) for name, entries in contexts.folders.items()}
    caches: JsonObject = {"caches": cache_scope} if cache_scope else {}
    return digest_of(
        {
            **caches,
            "version": DIGEST_VERSION,
            "project": project,
            "context": describe_entries(context.entries),
            "contexts": further,
            "dockerfile": dockerfile,
            "target": target,
            "args": dict(options.args),
            "labels": dict(options.labels),
            "platform": options.platform,
            "means": options.requirements.described,
            "bases": list(base_images),
        }
    )


def build_request(
    build: CompleteBuild, *, tree: FileTree, project: str, cache_scope: str, commit_time: int, use_cache: bool
) -> BuildRequest:
    """What the builder is asked for.

    Labels are part of an image's content, so only those are set that depend on the inputs alone: neither commit
    nor service nor time, which would give each commit an image of its own.
    """
    plan = build.plan
    takes_ciphertext = plan.options.takes_ciphertext
    folders = {
        name: partial(archive_entries, tree, entries, commit_time=commit_time, takes_ciphertext=takes_ciphertext)
        for name, entries in plan.contexts.folders.items()
    }
    return BuildRequest(
        service=plan.service,
        reference=build.reference,
        dockerfile=build.dockerfile,
        dockerfile_path=SENT_DOCKERFILE,
        where=plan.context.where,
        context=partial(
            archive_entries,
            tree,
            plan.context.entries,
            commit_time=commit_time,
            takes_ciphertext=takes_ciphertext,
        ),
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
        bases=tuple(dict.fromkeys(base.image for base in build.bases)),
        use_cache=use_cache and plan.options.use_cache,
        cache_scope=cache_scope,
        requirements=replace(plan.options.requirements, contexts=folders),
    )
