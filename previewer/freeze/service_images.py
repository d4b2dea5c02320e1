"""Where each service's image comes from: a build of its own, a sibling's build, or a reference."""

from __future__ import annotations

from collections.abc import Mapping

from previewer.domain.definition import Definition
from previewer.domain.json_value import as_text
from previewer.errors import DefinitionError
from previewer.freeze.planned_build import ImageRequest
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Exactly one of both is given."""

    build: str = ""
    """The service whose build gives the image; empty for an image that is not built."""
    request: ImageRequest | None = None


def find_image_sources(definition: Definition, *, platform: str) -> Mapping[str, ImageSource]:
    """By service. ``platform`` is the engine's.

    In Compose the ``image`` of a service with a ``build`` is the name that the built image gets, and a service
    that has only that name means the same image. Raises :class:`DefinitionError` for a service with neither.
    """
    services = definition.services
    built = {service.image: name for name, service in services.items() if service.build and service.image}
    found = {}
    for name, service in services.items():
        if service.build is not None:
            found[name] = ImageSource(build=name)
        elif service.image is None:
            raise DefinitionError(
                f"the service {name} has neither an image nor a build",
                where=str(definition.locate(("services", name))),
            )
        elif service.image in built:
            found[name] = ImageSource(build=built[service.image])
        else:
            wanted = as_text(service.spec.get("platform")) or platform
            found[name] = ImageSource(request=(service.image, wanted))
    return found
