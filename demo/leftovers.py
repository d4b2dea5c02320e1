"""What a demo has on the engine, found by label alone: for the proof at its end, and after one that crashed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound

from demo.base_image import LABELS, connect
from previewer.domain.labels import PROJECT
from previewer.domain.naming import IMAGE_REPOSITORY

PROJECT_NAME = "previewer-demo"
"""The name of the sample repository's folder, and so of its project."""
OF_PROJECT = f"{PROJECT}={PROJECT_NAME}"
FROZEN_NAMES = f"{IMAGE_REPOSITORY}/{PROJECT_NAME}/*"
OF_BASE = "=".join(*LABELS.items())


def count_leftovers(docker_host: str) -> dict[str, int]:
    """How many containers, networks, volumes and images of a demo the engine holds."""
    with connect(docker_host) as client:
        return {
            "containers": len(client.containers.list(all=True, filters={"label": OF_PROJECT})),
            "networks": len(client.networks.list(filters={"label": OF_PROJECT})),
            "volumes": len(client.volumes.list(filters={"label": OF_PROJECT})),
            "images": len(set(_images(client))),
        }


def remove_leftovers(docker_host: str) -> None:
    """Remove them all. Raises :class:`docker.errors.APIError` where the engine refuses."""
    filters: dict[str, str | list[str] | bool] = {"label": OF_PROJECT}
    with connect(docker_host) as client:
        for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
            with suppress(NotFound):
                container.remove(force=True, v=True)
        for network in client.networks.list(filters=filters):
            with suppress(NotFound):
                network.remove()
        for volume in client.volumes.list(filters=filters):
            with suppress(NotFound):
                volume.remove()
        for image in _images(client):
            with suppress(ImageNotFound, APIError):  # one that others were built from goes with the last of them
                client.images.remove(image, force=True)


def _images(client: DockerClient) -> Iterator[str]:
    """Images that were frozen for the demo, then the base that they were built from."""
    for kind, value in (("label", OF_PROJECT), ("reference", FROZEN_NAMES), ("label", OF_BASE)):
        for image in client.images.list(filters={kind: value}):
            if image.id is not None:
                yield image.id
