"""Put images in canonical form into an engine."""

from __future__ import annotations

from collections.abc import Sequence

from previewer.docker_api.image_archives import ImageArchives
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject
from previewer.domain.naming import digest_reference
from previewer.freeze.canonical.config import canonical_config
from previewer.freeze.canonical.image_archive import Layer, write_archive
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ImageLoader:
    """One engine, and how it takes images."""

    archives: ImageArchives
    takes_delta: bool
    """Whether it loads an image without the layers that it has. One that does calls images by their config digest;
    where it does not, a name says that."""

    def load(
        self,
        config: JsonObject,
        layers: Sequence[Layer],
        *,
        base_layers: int,
        platform: str,
        reference: str,
        cancellation: Cancellation,
    ) -> str:
        """Put an image together of canonical layers upon its base's, and into the engine as ``reference``; its id.

        ``base_layers`` is how many of ``layers`` are the base's. Raises :class:`EngineError`.
        """
        digest, document = canonical_config(
            config, platform=platform, diff_ids=[layer.diff_id for layer in layers], base_layers=base_layers
        )
        names = [reference] if self.takes_delta else [reference, digest_reference(digest)]
        archive = write_archive(digest, document, layers, names=names)
        self.archives.load(archive, subject=reference, cancellation=cancellation)
        return digest
