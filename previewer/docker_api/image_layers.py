"""The layers of an engine's images, and what each takes."""

from __future__ import annotations

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.errors import translate_errors
from previewer.docker_api.images import EngineImages
from previewer.docker_api.request import get_json, image_path
from previewer.domain.json_value import as_list, as_object
from previewer.domain.release.image_layers import Layers, stack_layers
from previewer.errors import ObjectNotFoundError


def read_layers(connection: DockerConnection, image: str, *, measured: bool) -> Layers:
    """The layers of one image, ``measured`` or not; none of one that is gone."""
    held = EngineImages(connection).inspect(image)
    if held is None:
        return {}
    return stack_layers(held.layers, _history(connection, image) if measured else ())


def _history(connection: DockerConnection, image: str) -> list[int]:
    """The bytes of every entry, the oldest first."""
    try:
        with translate_errors("measure its layers", subject=image):
            entries = as_list(get_json(connection, image_path(image, "/history")))
    except ObjectNotFoundError:
        return []
    sizes = (as_object(entry).get("Size") for entry in reversed(entries))
    return [size if isinstance(size, int) else 0 for size in sizes]
