"""Close looks: everything of an engine in a constant number of lists, and single inspections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from previewer.docker_api.background import begin
from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.image_names import engine_reference
from previewer.domain.json_value import JsonObject, JsonValue, as_list, as_object, as_text
from previewer.errors import EngineError, ObjectNotFoundError
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class EngineLists:
    """What the engine's four lists say, in its own words."""

    containers: tuple[JsonObject, ...]
    """Of ``GET /containers/json``: all there are, whoever made them."""
    networks: tuple[JsonObject, ...]
    volumes: tuple[JsonObject, ...]
    images: tuple[JsonObject, ...]


def list_everything(connection: DockerConnection) -> EngineLists:
    """All containers, networks, volumes and images, in four calls that are made at the same time."""
    calls = {
        "containers": partial(_get, connection, "/containers/json", {"all": "1"}),
        "networks": partial(_get, connection, "/networks", {}),
        "volumes": partial(_get, connection, "/volumes", {}),
        "images": partial(_get, connection, "/images/json", {}),
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
            found: JsonObject = connection.api.inspect_container(container)
    except ObjectNotFoundError:
        return None
    return found


def inspect_image_config(connection: DockerConnection, image: str) -> JsonObject:
    """The ``Config`` of an image, which is named by its config digest. Raises :class:`ObjectNotFoundError`."""
    with translate_errors("inspect it", subject=f"image {image}"):
        reference = engine_reference(connection, image)
        found: JsonObject = connection.api.inspect_image(reference)  # type: ignore[no-untyped-call]
    return as_object(found.get("Config"))


def names_of(lists: EngineLists) -> Mapping[str, str]:
    """The containers' names by their ids."""
    return {as_text(entry.get("Id")): own_name(entry) for entry in lists.containers}


def own_name(entry: JsonObject) -> str:
    """Of a listed container: links add names such as ``/other/alias``."""
    names = [as_text(name).lstrip("/") for name in as_list(entry.get("Names"))]
    return next((name for name in names if "/" not in name), names[0] if names else "")


def _get(connection: DockerConnection, path: str, parameters: Mapping[str, str]) -> JsonValue:
    api = connection.api
    with translate_errors(f"list {path.split('/')[1]}", subject=connection.host):
        answer = api.get(f"{api.base_url}/v{api.api_version}{path}", params=parameters, timeout=api.timeout)
        if not answer.ok:
            raise EngineError(f"the engine answered with status {answer.status_code}", where=connection.host)
        found: JsonValue = answer.json()
    return found


def _objects(value: JsonValue) -> tuple[JsonObject, ...]:
    return tuple(map(as_object, as_list(value)))
