"""All images of a commit's definitions: where each comes from, and what is to be built for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from previewer.domain.definition import Definition, Location
from previewer.domain.file_tree import FileTree
from previewer.freeze.planned_build import ImageRequest, PlannedBuild, plan_build
from previewer.freeze.service_images import ImageSource, find_image_sources
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NamedImage:
    """One place of a commit that names an image which something of a release is made of."""

    definition: str
    reader: str
    """The service that runs it or is built upon it."""
    request: ImageRequest
    location: Location


Permit = Callable[[Sequence[tuple[NamedImage, str]]], None]
"""Raises :class:`PolicyError` for images that may not be named; each with the project that previewer built it for,
empty where that is not known."""


def permit_all(images: Sequence[tuple[NamedImage, str]]) -> None:
    """For what was judged before: a release that is built once more."""
    del images


@dataclass(frozen=True, slots=True)
class PlannedImages:
    """What freezing has to resolve and to build. Nothing of it was done, and no engine was asked."""

    named: tuple[NamedImage, ...]
    """Every place that names an image: nothing else is asked for."""
    sources: Mapping[str, Mapping[str, ImageSource]]
    """By definition and service."""
    builds: tuple[PlannedBuild, ...]
    """Each once, however many services of its definition have the image."""

    @property
    def requests(self) -> tuple[ImageRequest, ...]:
        """Every image that is to be resolved, to be run or to be built upon, once, in a stable order."""
        return tuple(sorted({image.request for image in self.named}))


def read_planned_images(
    tree: FileTree,
    definitions: Sequence[Definition],
    *,
    commit: str,
    platform: str,
    variables: Mapping[str, str],
) -> PlannedImages:
    """Read it from ``commit``, whose ``tree`` has its submodules; ``platform`` is the engine's.

    Build secrets may come from ``variables``. Raises what :func:`find_image_sources` and :func:`plan_build` raise.
    """
    sources = {definition.name: find_image_sources(definition, platform=platform) for definition in definitions}
    builds = tuple(
        plan_build(
            tree, definition, definition.services[name], commit=commit, platform=platform, variables=variables
        )
        for definition in definitions
        for name in sorted({source.build for source in sources[definition.name].values() if source.build})
    )
    named = [image for definition in definitions for image in _run(definition, sources[definition.name])]
    return PlannedImages((*named, *(image for build in builds for image in _built_upon(build))), sources, builds)


def _run(definition: Definition, sources: Mapping[str, ImageSource]) -> Iterator[NamedImage]:
    for service, source in sources.items():
        if source.request is not None:
            location = definition.locate(("services", service, "image"))
            yield NamedImage(definition.name, service, source.request, location)


def _built_upon(build: PlannedBuild) -> Iterator[NamedImage]:
    for use in build.bases.uses:
        location = Location(build.context.where, use.instruction.line)
        yield NamedImage(build.definition, build.service, (use.reference, use.platform), location)
