"""Environments to be listed: containers with the labels of ours and of Docker Compose's, never started.

Making two hundred real ones takes minutes, and a list asks the engine the same of either. :mod:`benchmarks.many`
makes real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from benchmarks.workplace import Workplace
from previewer.domain import labels
from tests.docker.base_image import BASE_REFERENCE
from tests.domain.values import make_ownership


@contextmanager
def fakes(place: Workplace, folder: Path, count: int) -> Iterator[tuple[str, ...]]:
    """The names of ``count`` of them, which are gone afterwards."""
    api = place.connection.api
    names = tuple(f"bench-{place.session}-{number:03}" for number in range(count))
    try:
        for name in names:
            owner = replace(make_ownership(name, branch=name), installation=place.installation, service="web")
            compose = {
                labels.COMPOSE_PROJECT: name,
                labels.COMPOSE_SERVICE: "web",
                labels.COMPOSE_NUMBER: "1",
                labels.COMPOSE_ONEOFF: "False",
                labels.COMPOSE_WORKING_DIR: str(folder),
                labels.COMPOSE_CONFIG_FILES: str(folder / "compose.yaml"),
            }
            api.create_container(
                BASE_REFERENCE,
                ["busybox", "true"],
                name=f"{name}-web-1",
                labels={**labels.ownership_labels(owner), **compose},
                host_config=api.create_host_config(network_mode="none"),
            )
        yield names
    finally:
        for found in api.containers(all=True, filters={"label": f"{labels.INSTALLATION}={place.installation}"}):
            api.remove_container(found["Id"], force=True)
