"""Images in memory, for tests of decisions: ids follow from inputs, failures are scripted, nothing is built."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct, field

from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject, digest_of
from previewer.domain.labels import INPUT_DIGEST, PROJECT
from previewer.domain.naming import pinned_base_reference
from previewer.domain.release.image_comparison import Layers
from previewer.errors import BuildError, FreezeError, ImageGoneError, RegistryError, UnsupportedError
from previewer.freeze.protocol import BuildRequest, BuiltImage, PinnedImage

BYTES_OF_AN_IMAGE = 1_000_000


def _ignore(request: BuildRequest) -> None:
    del request


class _Built(Struct, frozen=True):
    image: BuiltImage
    project: str
    input_digest: str
    labels: Mapping[str, str]
    names: set[str] = field(default_factory=set)


class MemoryImages:
    """An engine's images that never were.

    ``unknown`` are missing references, ``registry`` references that a registry vouches for, ``failing``
    services whose build fails and ``slow`` services whose build takes until it is cancelled, ``unstable``
    services that are another image each time, ``unbuildable`` services that no builder serves.
    """

    def __init__(
        self,
        *,
        platform: str = "linux/amd64",
        unknown: Iterable[str] = (),
        registry: Iterable[str] = (),
        failing: Iterable[str] = (),
        slow: Iterable[str] = (),
        unstable: Iterable[str] = (),
        unbuildable: Iterable[str] = (),
    ) -> None:
        self.platform = platform
        self.builder = "buildkit"
        self.unknown = set(unknown)
        self.registry = set(registry)
        self.failing = set(failing)
        self.slow = set(slow)
        self.unstable = set(unstable)
        self.unbuildable = set(unbuildable)
        self.times: dict[str, datetime] = {}
        """When images were built, for those of which that is to be known."""
        self.on_build: Callable[[BuildRequest], None] = _ignore
        """Told of every build when it begins."""
        self.requests: list[BuildRequest] = []
        """Every build that was asked for, in the order they began."""
        self.pinned: list[str] = []
        """Every reference that was resolved."""
        self.contents: Mapping[str, bytes] = {}
        """Files that every image has, by path."""
        self.read: list[str] = []
        """Every image whose files were read."""
        self.pushed: dict[str, str] = {}
        """Images by where they were pushed to."""
        self._guard = threading.Lock()
        self._built: dict[str, _Built] = {}
        self._pulled: set[str] = set()

    def find_built(self, input_digests: Collection[str]) -> Mapping[str, BuiltImage]:
        """Those of this engine."""
        with self._guard:
            return {b.input_digest: b.image for b in self._built.values() if b.input_digest in input_digests}

    def missing(self, images: Collection[str]) -> frozenset[str]:
        """Those of ``images`` that were neither built nor pinned here, or were removed."""
        with self._guard:
            return frozenset(images) - self._built.keys() - self._pulled

    def pin(
        self,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None] | None = None,
        cancellation: Cancellation | None = None,
    ) -> PinnedImage:
        """An id that follows from reference and platform. Raises :class:`FreezeError` for an unknown one."""
        del on_line
        if cancellation is not None:
            cancellation.check()
        if reference in self.unknown:
            raise FreezeError("no registry and no engine has this image", where=reference)
        known = f"sha256:{reference.rpartition('sha256:')[2]}"
        image = known if known in self._pulled else digest_of({"reference": reference, "platform": platform})
        with self._guard:
            self.pinned.append(reference)
            self._pulled.add(image)
        vouched = reference in self.registry
        return PinnedImage(image, platform, f"{reference.partition(':')[0]}@{image}" if vouched else None)

    def name_base(self, pinned: PinnedImage, project: str) -> str:
        """As the Docker engine names it."""
        return pinned.repository_digest or pinned_base_reference(project, pinned.image)

    def sweep(self) -> None:
        """Nothing is killed here."""

    def unname_bases(self, project: str, *, at_once: bool = False) -> None:
        """Nothing is named here."""
        del project, at_once

    def ensure_builder(self, request: BuildRequest) -> None:
        """Raise :class:`UnsupportedError` for what is :attr:`unbuildable`."""
        if request.service in self.unbuildable:
            raise UnsupportedError("the engine has no builder with all of this", where=request.where)

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """An id that follows from the labels, so from the input digest, once the whole context has been read."""
        with self._guard:
            self.requests.append(request)
        is_slow = request.service in self.slow  # as it is when the build begins
        self.on_build(request)
        on_line(f"building {request.service}")
        for _ in request.context():
            cancellation.check()
        if is_slow:
            cancellation.wait(60)
        cancellation.check()
        if request.service in self.failing:
            raise BuildError(
                "RUN false: exit code 1", where=f"{request.where}:2", details=("RUN false", "exit code 1")
            )
        attempt = {"attempt": len(self.requests)} if request.service in self.unstable else {}
        content = digest_of({"labels": dict(request.labels), **attempt})
        image = BuiltImage(content, request.platform, self.builder)
        with self._guard:
            fresh = _Built(image, request.labels[PROJECT], request.labels[INPUT_DIGEST], request.labels)
            self._built.setdefault(content, fresh).names.add(request.reference)
        return image

    def push(
        self,
        image: str,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        """Remember where an image is. Raises :class:`ObjectNotFoundError`."""
        del platform
        cancellation.check()
        if self.missing([image]):
            raise ImageGoneError("there is no such image", where=image)
        on_line(f"pushed {reference}")
        with self._guard:
            self.pushed[reference] = image

    def pull(
        self,
        image: str,
        reference: str,
        platform: str,
        *,
        name: str | None = None,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        """Have what :attr:`pushed` says. Raises :class:`RegistryError` and :class:`FreezeError`."""
        del platform, name
        cancellation.check()
        found = self.pushed.get(reference)
        if found is None:
            raise RegistryError("there is no such image", where=reference)
        if found != image:
            raise FreezeError("the registry has another image", where=reference)
        on_line(f"pulled {reference}")
        with self._guard:
            self._pulled.add(image)

    def list_built(self, project: str) -> Mapping[str, int]:
        """A megabyte each."""
        with self._guard:
            return {name: BYTES_OF_AN_IMAGE for name, built in self._built.items() if built.project == project}

    def layers_of_all(self, *, measured: Collection[str]) -> Mapping[str, Layers]:
        """One layer each."""
        del measured
        with self._guard:
            return {image: {image: BYTES_OF_AN_IMAGE} for image in self._built}

    def named_at(self, images: Collection[str]) -> Mapping[str, datetime]:
        """What :attr:`times` says."""
        return {image: self.times[image] for image in images if image in self.times}

    @contextmanager
    def files_of(self, image: str) -> Iterator[Iterator[bytes]]:
        """Those of :attr:`contents`, in any image that is there. Raises :class:`ObjectNotFoundError`."""
        if self.missing([image]):
            raise ImageGoneError("there is no such image", where=image)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for path, content in self.contents.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        with self._guard:
            self.read.append(image)
        yield iter([archive.getvalue()])

    def configuration(self, image: str) -> JsonObject:
        """Nothing but what was asked for. Raises :class:`ObjectNotFoundError`."""
        if self.missing([image]):
            raise ImageGoneError("there is no such image", where=image)
        with self._guard:
            built = self._built.get(image)
        return {} if built is None else {"Labels": dict(built.labels)}

    def unname(self, repository: str) -> None:
        """Take names away; a built image that has no other goes."""
        with self._guard:
            for image, built in list(self._built.items()):
                built.names.difference_update([name for name in built.names if name.startswith(f"{repository}:")])
                if not built.names:
                    del self._built[image]

    def remove(self, image: str) -> None:
        """Remove an image. Nothing happens if it is gone."""
        with self._guard:
            self._built.pop(image, None)
            self._pulled.discard(image)
