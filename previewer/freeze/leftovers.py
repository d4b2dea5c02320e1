"""What runs that were killed have left on an engine: containers for reading, and names of unfinished images."""

from __future__ import annotations

from datetime import UTC, datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import remove_forgotten_readers
from previewer.docker_api.images import EngineImage, EngineImages
from previewer.domain.naming import BUILDING_REPOSITORY, REBUILT_REPOSITORY, named_digest
from previewer.domain.retention import FREEZE_GRACE

_PATTERNS = (BUILDING_REPOSITORY, f"{REBUILT_REPOSITORY}/*")
_PREFIXES = (f"{BUILDING_REPOSITORY}:", f"{REBUILT_REPOSITORY}/")


def sweep_leftovers(connection: DockerConnection, images: EngineImages) -> None:
    """Remove them, once they are so old that no run can be at work with them.

    An image that another name keeps stays; one that has none goes, unless it is in use.
    Raises :class:`EngineError`.
    """
    remove_forgotten_readers(connection)
    for image in [image for pattern in _PATTERNS for image in images.list_named(pattern)]:
        drop_names(images, _old_names(images, image), starting=_PREFIXES)


def drop_old_names(images: EngineImages, repository: str) -> None:
    """Take those ``repository:TAG`` names away that were not given within the grace of a freeze."""
    for image in images.list_named(repository):
        drop_names(images, _old_names(images, image), starting=(f"{repository}:",))


def _old_names(images: EngineImages, image: EngineImage) -> tuple[str, ...]:
    """All names of an image, unless one was given within the grace of a freeze."""
    held = images.inspect(image.id)
    if held is None or (held.named_at is not None and datetime.now(UTC) - held.named_at < FREEZE_GRACE):
        return ()
    return held.tags


def drop_names(images: EngineImages, tags: tuple[str, ...], *, starting: tuple[str, ...]) -> None:
    """Take those of an image's names away that start so; a name that only says its digest keeps nothing."""
    for name in tags:
        if name.startswith(starting):
            images.remove_name(name)
    others = [name for name in tags if not name.startswith(starting)]
    if others and all(named_digest(name) for name in others):
        images.remove(others[0])
