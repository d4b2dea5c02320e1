"""Close looks: everything of an engine in a constant number of lists, and single inspections."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from previewer.background import begin
from previewer.docker_api.answers import Container, ListedContainer, Network, RawContainer, Volume, Volumes
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import Image, ListedImage, engine_reference
from previewer.docker_api.request import container_path, get, image_path
from previewer.domain.json_value import JsonObject
from previewer.errors import ObjectNotFoundError


class EngineLists(Struct, frozen=True):
    """What the engine's four lists say, in its own words."""

    containers: list[ListedContainer]
    """All containers, whatever made them and whatever their state."""
    networks: list[Network]
    volumes: list[Volume]
    images: list[ListedImage]


def list_everything(connection: DockerConnection) -> EngineLists:
    """All containers, networks, volumes and images, in four calls that are made at the same time."""
    networks, volumes, images = (
        begin(partial(get, connection, path), name="previewer-examine")
        for path in ("/networks", "/volumes", "/images/json")
    )
    with translate_errors("list what there is", subject=connection.host):
        return EngineLists(
            containers=get(connection, "/containers/json", {"all": "1"}).read_list(ListedContainer),
            networks=networks.result().read_list(Network),
            volumes=volumes.result().read(Volumes).volumes or [],
            images=images.result().read_list(ListedImage),
        )


def inspect_closely(connection: DockerConnection, container: str) -> tuple[Container, RawContainer] | None:
    """An inspection, and all that the container was made with; ``None`` for one that is gone meanwhile."""
    try:
        with translate_errors("inspect it", subject=f"container {container}"):
            answer = get(connection, container_path(container, "/json"))
            return answer.read(Container), answer.read(RawContainer)
    except ObjectNotFoundError:
        return None


def find_container(connection: DockerConnection, container: str) -> Container | None:
    """An inspection; ``None`` where no container has this name or id."""
    try:
        with translate_errors("inspect it", subject=f"container {container}"):
            return get(connection, container_path(container, "/json")).read(Container)
    except ObjectNotFoundError:
        return None


def inspect_image_config(connection: DockerConnection, image: str) -> JsonObject:
    """The ``Config`` of an image, which is named by its config digest. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"image {image}"):
        reference = engine_reference(connection, image)
        return get(connection, image_path(reference, "/json")).read(Image).config or {}
