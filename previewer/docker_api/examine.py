"""Close looks: everything of an engine in a constant number of lists, and single inspections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from previewer.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import engine_reference
from previewer.docker_api.reading import own_name
from previewer.docker_api.request import container_path, get_json, image_path
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.errors import ObjectNotFoundError


class EngineLists(Struct, frozen=True):
    """What the engine's four lists say, in its own words."""

    containers: tuple[JsonObject, ...]
    """All containers as ``GET /containers/json`` lists them, whatever made them."""
    networks: tuple[JsonObject, ...]
    volumes: tuple[JsonObject, ...]
    images: tuple[JsonObject, ...]


def list_everything(connection: DockerConnection) -> EngineLists:
    """All containers, networks, volumes and images, in four calls that are made at the same time."""
    calls = {
        "containers": partial(_list, connection, "/containers/json", {"all": "1"}),
        "networks": partial(_list, connection, "/networks", {}),
        "volumes": partial(_list, connection, "/volumes", {}),
        "images": partial(_list, connection, "/images/json", {}),
    }
    begun = {what: begin(call, name="previewer-examine") for what, call in calls.items()}
    found = {what: future.result() for what, future in begun.items()}
    return EngineLists(
        containers=_objects(found["containers"]),
        networks=_objects(found["networks"]),
        volumes=_objects(as_object(found["volumes"]).get("Volumes")),
        images=_objects(found["images"]),
    )


def inspect_raw(connection: DockerConnection, container: str) -> JsonObject | None:
    """``GET /containers/ID/json``; ``None`` for one that is gone meanwhile."""
    try:
        with translate_errors("inspect it", subject=f"container {container}"):
            return as_object(get_json(connection, container_path(container, "/json")))
    except ObjectNotFoundError:
        return None


def inspect_image_config(connection: DockerConnection, image: str) -> JsonObject:
    """The ``Config`` of an image, which is named by its config digest. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"image {image}"):
        reference = engine_reference(connection, image)
        found = as_object(get_json(connection, image_path(reference, "/json")))
    return as_object(found.get("Config"))


def names_of(lists: EngineLists) -> Mapping[str, str]:
    """The containers' names by their ids."""
    return {as_text(entry.get("Id")): own_name(entry) for entry in lists.containers}


def _list(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> JsonValue:
    with translate_errors(f"list {path.split('/')[1]}", subject=connection.host):
        return get_json(connection, path, parameters)


def _objects(value: JsonValue) -> tuple[JsonObject, ...]:
    return tuple(map(as_object, as_list(value)))
