"""What the build stage asks of whoever holds and builds images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from previewer.domain.cancellation import Cancellation


@dataclass(frozen=True, slots=True)
class PinnedImage:
    """An image reference, resolved to content."""

    image: str
    """Config digest, ``sha256:…``."""
    platform: str
    repository_digest: str | None
    """``name@sha256:…`` where a registry vouches for it."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One image build, complete."""

    service: str
    """For messages."""
    reference: str
    """The name that the built image is given."""
    dockerfile: str
    """The text, its bases already replaced by pinned ones; lines as in the file that was written."""
    dockerfile_path: str
    """Where the Dockerfile belongs, relative to the context."""
    where: str
    """Where the Dockerfile was written, for messages: ``services/web/Dockerfile``."""
    context: Callable[[], Iterator[bytes]]
    """Opens the context as a tar stream, without the Dockerfile. May be called again after a failure."""
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    commit_time: int
    """Seconds since the epoch, given to the build as ``SOURCE_DATE_EPOCH``."""
    use_cache: bool = True


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """What a build gave."""

    image: str
    """Config digest, ``sha256:…``."""
    platform: str
    builder: str
    """``buildkit`` or ``classic``."""


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

    def pin(self, reference: str, platform: str) -> PinnedImage:
        """Resolve a reference to content: by the registry where it answers, else what the engine has.

        Pulls it by digest where it is not there. Raises :class:`FreezeError` where nobody has it.
        """
        ...

    def name_base(self, pinned: PinnedImage) -> str:
        """A reference to ``pinned`` that a Dockerfile's ``FROM`` can use and that can mean nothing else."""
        ...

    def build(
        self, request: BuildRequest, *, on_line: Callable[[str], None], cancellation: Cancellation
    ) -> BuiltImage:
        """Build an image. Raises :class:`BuildError` with the failing step and the last lines."""
        ...

    def list_built(self, project: str) -> Mapping[str, int]:
        """The images that were built for a project: bytes by image."""
        ...

    def remove(self, image: str) -> None:
        """Remove an image and its names. Nothing happens if it is gone or in use."""
        ...

    def unname_bases(self) -> None:
        """Take the names back that bases were given by :meth:`name_base`; images that others name stay."""
        ...
