"""Send images to a registry, and have them where other nodes of an engine pull them from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from previewer.domain.cancellation import Cancellation
from previewer.domain.naming import registry_image_tag
from previewer.domain.progress import Outcome, TaskOutput
from previewer.domain.release.registry_address import RegistryAddress
from previewer.domain.release.release import Artifact, FrozenDefinition, Release
from previewer.engine.protocol import LOCAL_IMAGES
from previewer.errors import RegistryError, UsageError
from previewer.freeze.parallel import reported_task, run_parallel
from previewer.releases.registry_access import default_address, open_repository
from previewer.session.run import Run
from previewer.session.session import Session

if TYPE_CHECKING:
    from previewer.docker_api.registry.repository import RegistryRepository
    from previewer.freeze.registry.registry_image import RegistryImage

STAGE = "push"


class PushedImage(Struct, frozen=True):
    """One image in the registry."""

    artifact: Artifact
    reference: str
    """``REGISTRY/REPOSITORY@sha256:…``."""
    was_there: bool


def deliver_images(run: Run, release: Release, frozen: FrozenDefinition) -> Mapping[str, str]:
    """``REGISTRY/REPOSITORY@sha256:…`` by image, once the registry of the settings has every one of a definition.

    Nothing is sent, and nothing is needed, where the engine itself runs them. Raises :class:`UsageError` where the
    settings name no registry, and :class:`RegistryError`.
    """
    session = run.session
    if (reason := session.engine.capabilities.missing.get(LOCAL_IMAGES)) is None:
        return {}
    if session.settings.registry is None:
        raise UsageError(
            f"no registry is named, and {reason}",
            hint="set `registry` in previewer.toml on the default branch to one that all nodes reach",
        )
    address = default_address(session)
    artifacts = {artifact.image: artifact for artifact in frozen.artifacts.values()}
    pushed = push_images(run, release, address, artifacts.values(), repository=open_repository(address))
    return {image.artifact.image: image.reference for image in pushed}


def push_images(
    run: Run,
    release: Release,
    address: RegistryAddress,
    artifacts: Iterable[Artifact],
    *,
    repository: RegistryRepository,
) -> list[PushedImage]:
    """Have images of a release in a registry, and check that. Those that it has are not sent again."""
    return run_parallel(
        [partial(_push_image, run, release, address, repository, artifact) for artifact in artifacts],
        limit=run.session.settings.parallel_builds,
        cancellation=run.cancellation,
    )


def _push_image(
    run: Run,
    release: Release,
    address: RegistryAddress,
    repository: RegistryRepository,
    artifact: Artifact,
    cancellation: Cancellation,
) -> PushedImage:
    from previewer.freeze.registry.registry_image import RegistryBuildCache

    cancellation.check()
    task = f"push {artifact.reference}"
    with reported_task(run.report, task, stage=STAGE) as end:
        held, was_there = ensure_pushed(
            run.session,
            artifact,
            address,
            repository=repository,
            on_line=lambda line: run.report(TaskOutput(task, line)),
            cancellation=cancellation,
        )
        cache = RegistryBuildCache(repository, address)
        for built in _built_as(release, artifact.image):
            cache.add(built, held)
        end.outcome = Outcome.CACHED if was_there else Outcome.DONE
        end.detail = held.manifest.digest
    return PushedImage(artifact, str(address.by_digest(held.manifest.digest)), was_there)


def ensure_pushed(
    session: Session,
    artifact: Artifact,
    address: RegistryAddress,
    *,
    repository: RegistryRepository,
    on_line: Callable[[str], None] = lambda _line: None,
    cancellation: Cancellation,
) -> tuple[RegistryImage, bool]:
    """An image as the registry has it, and whether it had it before. Raises :class:`RegistryError`."""
    if (held := _find(repository, artifact)) is not None:
        return held, True
    tag = str(address.tagged(registry_image_tag(artifact.image)))
    session.images.push(artifact.image, tag, artifact.platform, on_line=on_line, cancellation=cancellation)
    if (held := _find(repository, artifact)) is not None:
        return held, False
    raise RegistryError(
        "the registry has another image than the one that was pushed",
        where=artifact.reference,
        hint="another client pushes to the same tags, or the registry rewrites images",
    )


def _find(repository: RegistryRepository, artifact: Artifact) -> RegistryImage | None:
    """The very image, under the tag that we give it."""
    from previewer.freeze.registry.registry_image import find_image

    held = find_image(repository, registry_image_tag(artifact.image), platform=artifact.platform)
    return held if held is not None and held.image == artifact.image else None


def _built_as(release: Release, image: str) -> Mapping[Artifact, None]:
    """Different inputs can give one image."""
    artifacts = (a for frozen in release.definitions.values() for a in frozen.artifacts.values())
    return dict.fromkeys(artifact for artifact in artifacts if artifact.image == image and artifact.input_digest)
