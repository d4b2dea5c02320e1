"""The image that the sample application is built from.

A public one where a registry answers, else this machine's own Python.
``python -m demo.base_image`` prints the reference to build from.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound

from demo.history import DEFAULT_BASE
from demo.host_python import python_layer
from demo.image_archive import write_image
from previewer.domain.naming import PINNED_BASE_REPOSITORY

LOCAL = "previewer-demo/python:local"
LABELS = {"dev.previewer.demo": "base"}
REGISTRY_PATIENCE = 8
"""Seconds in which a registry has to answer."""

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""Go's names by the kernel's."""


class NoBaseImageError(Exception):
    """No registry answers, and none can be made here; the message says why."""


@dataclass(frozen=True)
class BaseImage:
    """An image that the engine holds."""

    reference: str
    is_new: bool
    """It was not there before, and so is the demo's to remove."""
    made_here: bool
    """It is this machine's Python and not the public image."""


def ensure_base_image(docker_host: str) -> BaseImage:
    """Pull the public image, or make one from this machine's Python.

    Raises :class:`NoBaseImageError` where neither can be had.
    """
    if has_public_image(docker_host):
        return BaseImage(DEFAULT_BASE, is_new=False, made_here=False)
    if pull_public_image(docker_host):
        return BaseImage(DEFAULT_BASE, is_new=True, made_here=False)
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    with connect(docker_host) as client:
        engine = client.version()
        if sys.platform != "linux" or engine["Arch"] != architecture:
            raise NoBaseImageError(
                f"{DEFAULT_BASE} cannot be pulled, and this machine's own Python does not run on the engine"
                f" ({sys.platform} {architecture} here, {engine['Os']} {engine['Arch']} there)"
            )
        try:
            load_local_image(client, architecture)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoBaseImageError(f"{DEFAULT_BASE} cannot be pulled, nor one made here: {error}") from error
    return BaseImage(LOCAL, is_new=True, made_here=True)


@contextmanager
def connect(docker_host: str, *, timeout: int = 300) -> Iterator[DockerClient]:
    """A client for the engine at ``docker_host``; each of its calls may take ``timeout`` seconds."""
    with closing(DockerClient(base_url=docker_host, timeout=timeout)) as client:
        yield client


def has_public_image(docker_host: str) -> bool:
    """Whether the engine holds :data:`DEFAULT_BASE` already."""
    with connect(docker_host) as client:
        try:
            client.images.get(DEFAULT_BASE)
        except ImageNotFound:
            return False
        return True


def pull_public_image(docker_host: str) -> bool:
    """Pull :data:`DEFAULT_BASE`; false where its registry does not answer in time, or refuses."""
    with suppress(DockerException, requests.RequestException):
        with connect(docker_host, timeout=REGISTRY_PATIENCE) as client:
            client.images.get_registry_data(DEFAULT_BASE)
        with connect(docker_host) as client:
            client.images.pull(DEFAULT_BASE)
        return True
    return False


def load_local_image(client: DockerClient, architecture: str) -> str:
    """Give the engine an image with this machine's Python and return its id, ``sha256:…``."""
    with tempfile.TemporaryDirectory(prefix="previewer-demo-base-") as folder:
        archive = Path(folder, "image.tar")
        image_id = write_local_image(archive, architecture)
        with archive.open("rb") as file:
            client.images.load(file)
    return image_id


def write_local_image(archive: Path, architecture: str) -> str:
    """Write the archive of an image with this machine's Python and return its id; the same bytes each time."""
    with tempfile.TemporaryDirectory(prefix="previewer-demo-pyc-") as scratch:
        config = {
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"],
            "Cmd": ["python3"],
            "Labels": LABELS,
        }
        layer = python_layer(Path(scratch))
        return write_image(archive, layer, reference=LOCAL, architecture=architecture, config=config)


def remove_image(docker_host: str, reference: str) -> None:
    """Remove an image's name and those that builds gave it, and the image with the last, if it is not in use."""
    with connect(docker_host) as client, suppress(ImageNotFound):
        given = [
            name for name in client.images.get(reference).tags if name.startswith(f"{PINNED_BASE_REPOSITORY}/")
        ]
        try:
            for name in (*given, reference):
                client.images.remove(name)
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            # It came into use meanwhile: it stays.


if __name__ == "__main__":
    print(ensure_base_image(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")).reference)
