"""Which images a freeze would resolve and build: read from the commit alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.freeze_plan import FreezeStep
from previewer.freeze.planned_build import ImageRequest, PlannedBuild, plan_build
from previewer.freeze.service_images import find_image_sources


def plan_images(
    tree: FileTree, definitions: Sequence[Definition], *, platform: str, variables: Mapping[str, str]
) -> tuple[FreezeStep, ...]:
    """A step an image: what is named first, then what is built. Raises what :func:`plan_build` raises."""
    whole = tree.with_submodules
    users: dict[ImageRequest, set[str]] = {}
    builds: list[PlannedBuild] = []
    for definition in definitions:
        sources = find_image_sources(definition, platform=platform)
        for name, source in sources.items():
            if source.request is not None:
                users.setdefault(source.request, set()).add(f"service {name} runs it")
        for name in sorted({source.build for source in sources.values() if source.build}):
            service = definition.services[name]
            builds.append(plan_build(whole, definition, service, platform=platform, variables=variables))
    for build in builds:
        for request in build.image_requests:
            users.setdefault(request, set()).add(f"{build.service} is built upon it")
    return (*_pins(users), *_builds(builds))


def _pins(users: Mapping[ImageRequest, set[str]]) -> Iterator[FreezeStep]:
    for reference, platform in sorted(users):
        yield FreezeStep("pin image", reference, ", ".join(sorted(users[reference, platform])))


def _builds(builds: Sequence[PlannedBuild]) -> Iterator[FreezeStep]:
    """Definitions that build a service from the same text are one step."""
    wanted: dict[tuple[str, str, str | None], list[str]] = {}
    for build in builds:
        wanted.setdefault((build.service, build.context.where, build.target), []).append(build.definition)
    for (service, where, _target), names in wanted.items():
        yield FreezeStep("build image", service, f"it is in {', '.join(names)}: {where}")
