"""The config digests of images: what previewer calls an image, the same on every engine."""

from __future__ import annotations

import re
from contextlib import closing

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.image_archives import ImageArchives
from previewer.docker_api.images import EngineImage, EngineImages
from previewer.domain.cancellation import Cancellation
from previewer.domain.naming import digest_reference

_DIGEST = re.compile(r"[0-9a-f]{64}")


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
