"""Images in memory, for tests of decisions: ids follow from inputs, failures are scripted, nothing is built."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import digest_of
from previewer.domain.labels import INPUT_DIGEST, PROJECT
from previewer.domain.naming import pinned_base_reference
from previewer.errors import BuildError, FreezeError
from previewer.freeze.protocol import BuildRequest, BuiltImage, PinnedImage

BYTES_OF_AN_IMAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class _Built:
    image: BuiltImage
    project: str
    input_digest: str


class MemoryImages:
    """An engine's images that never were.

    ``unknown`` are references that nobody has, ``registry`` references that a registry vouches for, ``failing``
    services whose build fails and ``slow`` services whose build takes until it is cancelled.
    """

    def __init__(
        self,
        *,
        platform: str = "linux/amd64",
        unknown: Iterable[str] = (),
        registry: Iterable[str] = (),
        failing: Iterable[str] = (),
        slow: Iterable[str] = (),
    ) -> None:
        self.platform = platform
        self.builder = "buildkit"
        self.unknown = set(unknown)
        self.registry = set(registry)
        self.failing = set(failing)
        self.slow = set(slow)
        self.requests: list[BuildRequest] = []
        """Every build that was asked for, in the order they began."""
        self.pinned: list[str] = []
        """Every reference that was resolved."""
        self._guard = threading.Lock()
        self._built: dict[str, _Built] = {}
        self._pulled: set[str] = set()

    def find_built(self, input_digests: Collection[str]) -> Mapping[str, BuiltImage]:
        """The images that were built from these inputs."""
        with self._guard:
            return {b.input_digest: b.image for b in self._built.values() if b.input_digest in input_digests}

    def missing(self, images: Collection[str]) -> frozenset[str]:
        """Those of ``images`` that were neither built nor pinned here, or were removed."""
        with self._guard:
            return frozenset(images) - self._built.keys() - self._pulled

    def pin(self, reference: str, platform: str) -> PinnedImage:
        """An id that follows from reference and platform. Raises :class:`FreezeError` for an unknown one."""
        if reference in self.unknown:
            raise FreezeError("no registry and no engine has this image", where=reference)
        image = digest_of({"reference": reference, "platform": platform})
        with self._guard:
            self.pinned.append(reference)
            self._pulled.add(image)
        vouched = reference in self.registry
        return PinnedImage(image, platform, f"{reference.partition(':')[0]}@{image}" if vouched else None)

    def name_base(self, pinned: PinnedImage) -> str:
        """As the Docker engine names it."""
        return pinned.repository_digest or pinned_base_reference(pinned.image)

    def unname_bases(self) -> None:
        """Nothing is named here."""

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """An id that follows from the labels, so from the input digest, once the whole context has been read."""
        with self._guard:
            self.requests.append(request)
        on_line(f"building {request.service}")
        for _ in request.context():
            cancellation.check()
        if request.service in self.slow:
            cancellation.wait(60)
        cancellation.check()
        if request.service in self.failing:
            raise BuildError(
                "RUN false: exit code 1", where=f"{request.where}:2", details=("RUN false", "exit code 1")
            )
        image = BuiltImage(digest_of({"labels": dict(request.labels)}), request.platform, self.builder)
        with self._guard:
            self._built[image.image] = _Built(image, request.labels[PROJECT], request.labels[INPUT_DIGEST])
        return image

    def list_built(self, project: str) -> Mapping[str, int]:
        """The images that were built for a project: a megabyte each."""
        with self._guard:
            return {name: BYTES_OF_AN_IMAGE for name, built in self._built.items() if built.project == project}

    def remove(self, image: str) -> None:
        """Remove an image. Nothing happens if it is gone."""
        with self._guard:
            self._built.pop(image, None)
            self._pulled.discard(image)
