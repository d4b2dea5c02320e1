"""What the build stage needs of a store and builder of images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from previewer.domain.build import BuildRequirements
from previewer.domain.cancellation import Cancellation
from previewer.domain.json_value import JsonObject
from previewer.domain.release.image_comparison import Layers


class PinnedImage(Struct, frozen=True):
    """An image reference, resolved to content."""

    image: str
    """Config digest, ``sha256:…``."""
    platform: str
    repository_digest: str | None
    """``name@sha256:…`` where a registry vouches for it."""
    owner: str = ""
    """The project that previewer has built it for, as its labels say; empty for any other image."""
    warning: str = ""
    """What the user should know about how it was found."""


class BuildRequest(Struct, frozen=True):
    """One image build, complete."""

    service: str
    """The service's name for messages."""
    reference: str
    """The name that the built image is given."""
    dockerfile: str
    """The text, its bases already replaced by pinned ones; lines as in the file that was written."""
    dockerfile_path: str
    """A name in the context that nothing else has, for a builder that reads the Dockerfile out of it."""
    where: str
    """Where the Dockerfile was written, for messages: ``services/web/Dockerfile``."""
    context: Callable[[], Iterator[bytes]]
    """Opens the context as a tar stream, without that name. May be called again after a failure."""
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    commit_time: int
    """Seconds since the epoch: of the context's files, and given to the build as ``SOURCE_DATE_EPOCH``."""
    bases: tuple[str, ...] = ()
    """Config digests of the images that the Dockerfile names, in its order."""
    use_cache: bool = True
    cache_scope: str = ""
    """Whose caches it mounts; empty for those that anything on the engine may mount."""
    requirements: BuildRequirements = field(default_factory=BuildRequirements)


class BuiltImage(Struct, frozen=True):
    """What a build gave."""

    image: str
    """Config digest, ``sha256:…``."""
    platform: str
    builder: str
    """``buildkit`` or ``classic``; ``direct`` for a base and files of the commit, which need none."""


class CachedBuild(Struct, frozen=True):
    """A built image that can be had without building it."""

    image: str
    """Config digest, ``sha256:…``."""
    platform: str
    builder: str
    """As in :class:`BuiltImage`."""
    reference: str
    """Where it is: ``REGISTRY/REPOSITORY@sha256:…``."""


class BuildCache(Protocol):
    """Built images that are stored elsewhere."""

    def find(self, input_digests: Collection[str]) -> Mapping[str, CachedBuild]:
        """Those that were built from these inputs, by input digest. Raises :class:`RegistryError`."""
        ...


class Images(Protocol):
    """The images that an engine holds, and the ways to get more."""

    @property
    def platform(self) -> str:
        """What images are for where nothing else is asked: ``linux/amd64``."""
        ...

    @property
    def builder(self) -> str:
        """Which builder it has: ``buildkit`` or ``classic``."""
        ...

    def find_built(self, input_digests: Collection[str]) -> Mapping[str, BuiltImage]:
        """The images that were built from these inputs, in one call."""
        ...

    def missing(self, images: Collection[str]) -> frozenset[str]:
        """Those of ``images`` (config digests) that the engine does not hold."""
        ...

    def pin(
        self,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None] | None = None,
        cancellation: Cancellation | None = None,
    ) -> PinnedImage:
        """Resolve a reference to content: by the registry where it answers, else what the engine has.

        Pulls it by digest where it is not there; ``on_line`` is told how that goes. Raises :class:`FreezeError`
        where it is nowhere.
        """
        ...

    def name_base(self, pinned: PinnedImage, project: str) -> str:
        """A reference to ``pinned`` that a Dockerfile's ``FROM`` can use and that can mean nothing else."""
        ...

    def ensure_builder(self, request: BuildRequest) -> None:
        """Raise :class:`UnsupportedError` where nothing here can build ``request``; nothing is built."""
        ...

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """Have an image in canonical form. Raises :class:`BuildError` with the failing step and the last lines."""
        ...

    def push(
        self,
        image: str,
        reference: str,
        platform: str,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
    ) -> None:
        """Send an image (config digest) to ``REGISTRY/REPOSITORY:TAG``. Raises :class:`RegistryError`."""
        ...

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
        """Fetch an image (config digest) from ``REGISTRY/REPOSITORY@sha256:…``, and call it ``name``.

        Raises :class:`RegistryError`, and :class:`FreezeError` where another image is there.
        """
        ...

    def list_built(self, project: str) -> Mapping[str, int]:
        """The images that were built for a project: bytes by image."""
        ...

    def layers_of_all(self, *, measured: Collection[str]) -> Mapping[str, Layers]:
        """The layers of every image of the engine, by image; their sizes for the ``measured`` ones."""
        ...

    def named_at(self, images: Collection[str]) -> Mapping[str, datetime]:
        """When those of ``images`` (config digests) were last built or given a name; aware, where it is known."""
        ...

    def files_of(self, image: str) -> AbstractContextManager[Iterator[bytes]]:
        """The files of an image (config digest) as a tar stream of its root, read while the block lasts."""
        ...

    def remove(self, image: str) -> None:
        """Remove an image and its names. Nothing happens if it is gone or in use."""
        ...

    def configuration(self, image: str) -> JsonObject:
        """What containers of an image (config digest) run with. Raises :class:`ObjectNotFoundError`."""
        ...

    def unname(self, repository: str) -> None:
        """Take every ``repository:TAG`` name away; an image that has no other goes, unless it is in use."""
        ...

    def sweep(self) -> None:
        """Remove what runs left that were killed long ago, but for images that :meth:`list_built` tells of."""
        ...

    def unname_bases(self, project: str, *, at_once: bool = False) -> None:
        """Take the names back that :meth:`name_base` gave for a project; images that others name stay.

        So do names that were given a short time ago, for a freeze may build upon them: unless all are to go
        ``at_once``.
        """
        ...
