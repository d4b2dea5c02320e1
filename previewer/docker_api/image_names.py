"""What an engine calls an image that is named by its config digest.

With overlay2 and its like an image's id is that digest. With containerd's store the id is the digest of the
image's manifest, which depends on how layers are packed; there a tag says the config digest.
"""

from __future__ import annotations

from previewer.docker_api.connection import DockerConnection
from previewer.domain.naming import digest_reference

_DIGEST = "sha256:"


def engine_reference(connection: DockerConnection, image: str) -> str:
    """What to ask the engine for. Anything but a config digest is left as it is. Raises :class:`EngineError`."""
    if not image.startswith(_DIGEST):
        return image
    return digest_reference(image) if connection.has_containerd_store else image
