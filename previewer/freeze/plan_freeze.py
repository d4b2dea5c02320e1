"""Which images a freeze would resolve and build: read from the commit alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from previewer.domain.definition import Definition
from previewer.domain.file_tree import FileTree
from previewer.domain.freeze_plan import FreezeStep
from previewer.freeze.planned_build import ImageRequest, PlannedBuild
from previewer.freeze.planned_images import PlannedImages, read_planned_images


def plan_images(
    tree: FileTree,
    definitions: Sequence[Definition],
    *,
    commit: str,
    platform: str,
    variables: Mapping[str, str],
) -> tuple[FreezeStep, ...]:
    """A step an image: what is named first, then what is built. Raises what :func:`read_planned_images` raises."""
    planned = read_planned_images(
        tree.with_submodules, definitions, commit=commit, platform=platform, variables=variables
    )
    return (*_pins(planned), *_builds(planned.builds))


def _pins(planned: PlannedImages) -> Iterator[FreezeStep]:
    users: dict[ImageRequest, set[str]] = {request: set() for request in planned.requests}
    for sources in planned.sources.values():
        for name, source in sources.items():
            if source.request is not None:
                users[source.request].add(f"service {name} runs it")
    for build in planned.builds:
        for request in build.image_requests:
            users[request].add(f"{build.service} is built upon it")
    for (reference, _platform), found in users.items():
        yield FreezeStep("pin image", reference, ", ".join(sorted(found)))


def _builds(builds: Sequence[PlannedBuild]) -> Iterator[FreezeStep]:
    """Definitions that build a service from the same text are one step."""
    wanted: dict[tuple[str, str, str | None], list[str]] = {}
    for build in builds:
        wanted.setdefault((build.service, build.context.where, build.target), []).append(build.definition)
    for (service, where, _target), names in wanted.items():
        yield FreezeStep("build image", service, f"it is in {', '.join(names)}: {where}")
