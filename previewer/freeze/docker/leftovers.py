"""The config digests by which previewer names images, and what interrupted runs leave on an engine."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_files import ImageArchives, remove_forgotten_readers
from previewer.docker_api.images import EngineImage, EngineImages
from previewer.domain.cancellation import Cancellation
from previewer.domain.naming import BUILDING_REPOSITORY, REBUILT_REPOSITORY, digest_reference, named_digest
from previewer.domain.release.retention import FREEZE_GRACE

_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_building_name() -> str:
    """A name for an image in the making. It says when: an engine tells no time of images that a build loads."""
    return f"{BUILDING_REPOSITORY}:{int(time.time())}-{uuid.uuid4().hex}"


class ContentIds:
    """Finds config digests; on an engine that does not say them, a name is given to the image that does."""

    def __init__(self, connection: DockerConnection) -> None:
        self._connection = connection
        self._images = EngineImages(connection)
        self._archives = ImageArchives(connection)

    @property
    def are_engine_ids(self) -> bool:
        """Whether the engine itself calls images by their config digest. Raises :class:`EngineError`."""
        return not self._connection.has_containerd_store

    def known(self, image: EngineImage) -> str:
        """What is known without a further question; the engine's own id where nothing says the digest."""
        return image.id if self.are_engine_ids else image.named_digest or image.id

    def find(self, image: EngineImage) -> str:
        """The digest. Where no name says it, the image's archive is read once, and it gets that name."""
        if self.are_engine_ids:
            return image.id
        if image.named_digest is not None:
            return image.named_digest
        from previewer.freeze.canonical.image_archive import read_config_name  # brings the readers of archives

        with closing(self._archives.save(image.id, cancellation=Cancellation())) as pieces:
            digest = f"sha256:{_DIGEST.findall(read_config_name(pieces))[-1]}"
        self._images.tag(image.id, digest_reference(digest))
        return digest


_PATTERNS = (BUILDING_REPOSITORY, f"{REBUILT_REPOSITORY}/*")
_BEGUN = re.compile(rf"{BUILDING_REPOSITORY}:(\d{{1,12}})-")
_PREFIXES = (f"{BUILDING_REPOSITORY}:", f"{REBUILT_REPOSITORY}/")


def sweep_leftovers(connection: DockerConnection, images: EngineImages) -> None:
    """Remove them, once they are so old that no run can be at work with them.

    An image that another name keeps stays; one that has none goes, unless it is in use.
    Raises :class:`EngineError`.
    """
    remove_forgotten_readers(connection)
    for image in [image for pattern in _PATTERNS for image in images.list_named(pattern)]:
        drop_names(images, _old_names(images, image), starting=_PREFIXES)


def drop_old_names(images: EngineImages, repository: str, *, at_once: bool = False) -> None:
    """Take those ``repository:TAG`` names away that were not given within the grace of a freeze.

    With ``at_once`` all go.
    """
    for image in images.list_named(repository):
        names = image.tags if at_once else _old_names(images, image)
        drop_names(images, names, starting=(f"{repository}:",))


def _old_names(images: EngineImages, image: EngineImage) -> tuple[str, ...]:
    """All names of an image, unless one was given within the grace of a freeze."""
    held = images.inspect(image.id)
    if held is None:
        return ()
    begun = [datetime.fromtimestamp(int(match[1]), UTC) for tag in held.tags if (match := _BEGUN.match(tag))]
    named_at = max((at for at in (held.named_at, *begun) if at is not None), default=None)
    return () if named_at is not None and datetime.now(UTC) - named_at < FREEZE_GRACE else held.tags


def drop_names(images: EngineImages, tags: tuple[str, ...], *, starting: tuple[str, ...]) -> None:
    """Take those of an image's names away that start so; a name that only says its digest keeps nothing."""
    for name in tags:
        if name.startswith(starting):
            images.remove_name(name)
    others = [name for name in tags if not name.startswith(starting)]
    if others and all(named_digest(name) for name in others):
        images.remove(others[0])
