"""Where each service's image comes from, and which images a freeze would resolve and build."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from previewer.domain.build import FreezeStep
from previewer.domain.commit.files import FileTree
from previewer.domain.compose.definition import Definition, Location
from previewer.errors import DefinitionError
from previewer.freeze.planned_build import ImageRequest, PlannedBuild, plan_build


class ImageSource(Struct, frozen=True):
    """Exactly one of both is given."""

    build: str = ""
    """The service whose build gives the image; empty for an image that is not built."""
    request: ImageRequest | None = None


def find_image_sources(definition: Definition, *, platform: str) -> Mapping[str, ImageSource]:
    """Find where each service's image comes from. ``platform`` is the engine's.

    In Compose the ``image`` of a service with a ``build`` is the name that the built image gets, and a service
    that has only that name means the same image. Raises :class:`DefinitionError` for a service with neither.
    """
    services = definition.services
    built = {service.image: name for name, service in services.items() if service.build and service.image}
    sources = {}
    for name, service in services.items():
        if service.build is not None:
            sources[name] = ImageSource(build=name)
        elif service.image is None:
            raise DefinitionError(
                f"the service {name} has neither an image nor a build",
                where=str(definition.locate(("services", name))),
            )
        elif service.image in built:
            sources[name] = ImageSource(build=built[service.image])
        else:
            asked_platform = service.platform or platform
            sources[name] = ImageSource(request=(service.image, asked_platform))
    return sources


class NamedImage(Struct, frozen=True):
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


class PlannedImages(Struct, frozen=True):
    """What freezing has to resolve and to build. Nothing of it was done, and no engine was asked."""

    named: tuple[NamedImage, ...]
    """Every place that names an image: nothing else is asked for."""
    sources: Mapping[str, Mapping[str, ImageSource]]
    """Image sources by definition and service."""
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
