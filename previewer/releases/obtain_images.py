"""Have the images of a release on the engine: those that are gone are pulled by digest, never built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from previewer.domain.cancellation import Cancellation
from previewer.domain.commit.revision import short_id
from previewer.domain.naming import IMAGE_REPOSITORY
from previewer.domain.progress import TaskOutput
from previewer.domain.release.release import Artifact, Release
from previewer.domain.units import counted
from previewer.errors import NotFoundError
from previewer.freeze.parallel import reported_task, run_parallel
from previewer.releases.registry_access import is_vouched_for, pushed_images
from previewer.session.run import Run

STAGE = "pull"


def obtain_images(run: Run, release: Release, *, artifacts: Iterable[Artifact] | None = None) -> int:
    """Pull those of a release's images (or of ``artifacts``, some of them) that the engine lacks; how many.

    By their repository digest, or from the registry that the release was pushed to or pulled from. Raises
    :class:`NotFoundError` where no source of one is known, before any is pulled, and :class:`RegistryError`.
    """
    needed = {artifact.image: artifact for artifact in artifacts or release.artifacts}
    missing = run.session.images.missing(needed)
    if not missing:
        return 0
    places = {image: needed[image].repository_digest for image in sorted(missing)}
    if not all(places.values()):
        pushed = pushed_images(run.session, release.id)
        places = {image: place or pushed.get(image) for image, place in places.items()}
    is_named = is_vouched_for(run.session, release.id)
    pull_images(run, needed, _known(release, places), is_named=is_named)
    return len(missing)


def pull_images(run: Run, artifacts: Mapping[str, Artifact], places: Mapping[str, str], *, is_named: bool) -> None:
    """Pull images from ``REGISTRY/REPOSITORY@sha256:…``, both by image. Raises :class:`RegistryError`.

    ``is_named`` is whether built ones get the names that they have where they are built: by these they are found
    and used instead of building, so only vouched-for releases may have them.
    """
    pulls = [partial(_pull, run, artifacts[image], place, is_named) for image, place in sorted(places.items())]
    run_parallel(
        pulls,
        limit=run.session.settings.parallel_builds,
        cancellation=run.cancellation,
    )


def _pull(run: Run, artifact: Artifact, place: str, is_named: bool, cancellation: Cancellation) -> None:
    task = f"pull {artifact.reference}"
    with reported_task(run.report, task, stage=STAGE) as end:
        run.session.images.pull(
            artifact.image,
            place,
            artifact.platform,
            name=artifact.reference
            if is_named and artifact.reference.startswith(f"{IMAGE_REPOSITORY}/")
            else None,
            on_line=lambda line: run.report(TaskOutput(task, line)),
            cancellation=cancellation,
        )
        end.detail = short_id(artifact.image)


def _known(release: Release, places: Mapping[str, str | None]) -> Mapping[str, str]:
    known = {image: place for image, place in places.items() if place is not None}
    if len(known) < len(places):
        names = {artifact.image: artifact.reference for artifact in release.artifacts}
        gone = [image for image, place in places.items() if place is None]
        verb, them = ("is", "it") if len(gone) == 1 else ("are", "them")
        raise NotFoundError(
            f"{counted(len(gone), 'image')} of release {short_id(release.id)} {verb} gone from the engine, and no "
            f"registry is known to have {them}",
            where=", ".join(names.get(image, image) for image in gone),
            hint=f"freeze it again: previewer freeze {short_id(release.commit)}; what is pushed can be pulled",
        )
    return known
