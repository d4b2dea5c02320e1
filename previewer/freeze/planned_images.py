"""All images of a commit's definitions: where each comes from, and what is to be built for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.freeze.planned_build import ImageRequest, PlannedBuild, plan_build
from previewer.freeze.service_images import ImageSource, find_image_sources
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class PlannedImages:
    """What freezing has to resolve and to build. Nothing of it was done, and no engine was asked."""

    sources: Mapping[str, Mapping[str, ImageSource]]
    """By definition and service."""
    builds: tuple[PlannedBuild, ...]
    """Each once, however many services of its definition have the image."""

    @property
    def requests(self) -> tuple[ImageRequest, ...]:
        """Every image that is to be resolved, to be run or to be built upon, once, in a stable order."""
        named = {source.request for found in self.sources.values() for source in found.values() if source.request}
        return tuple(sorted(named.union(*(build.image_requests for build in self.builds))))


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
    return PlannedImages(sources, builds)
