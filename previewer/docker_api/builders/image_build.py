"""What is to be built, in the engine's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from previewer.domain.build_means import BuildMeans
from previewer.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ImageBuild:
    """One build, complete, for whichever builder."""

    reference: str
    """The name that the image gets."""
    dockerfile: bytes
    """The text that is to be followed."""
    dockerfile_path: str
    """Where the text may stand in the context without being in anybody's way."""
    open_context: Callable[[], Iterator[bytes]]
    """The context as a tar stream, without that text. It may be opened again."""
    target: str | None
    args: Mapping[str, str]
    labels: Mapping[str, str]
    platform: str
    use_cache: bool
    means: BuildMeans = field(default_factory=BuildMeans)
