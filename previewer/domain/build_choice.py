"""Which builder a build is given to."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

from previewer.domain.build_means import Need
from previewer.errors import UnsupportedError
from previewer.frozen import dataclass


class Builder(Enum):
    """A way to have an image built, the most direct one first."""

    BUILDKIT = "buildkit"
    """BuildKit, through the engine's own endpoint. It has no session, so neither secrets nor further contexts."""
    BUILDX = "buildx"
    """The same BuildKit, through the buildx program, which has a session with it."""
    CLASSIC = "classic"
    """The engine's builder from before BuildKit."""

    @property
    def kind(self) -> str:
        """What reads the Dockerfile, so what an image's origin is: ``buildkit`` or ``classic``."""
        return Builder.BUILDKIT.value if self is Builder.BUILDX else self.value


@dataclass(frozen=True, slots=True)
class BuilderSupport:
    """What one engine, and this machine, can build with."""

    has_buildkit: bool
    has_endpoint: bool = True
    """Whether BuildKit takes a context at the engine's endpoint: Docker 26 with containerd's store does not."""
    has_buildx: bool = False
    has_limits: bool = True
    """Whether BuildKit minds ``shm_size`` and ``ulimits``: before Docker 23 it takes them and does nothing."""


SESSION_NEEDS = frozenset({Need.SECRETS, Need.SSH, Need.CONTEXTS})
LIMITS = frozenset({Need.SHM_SIZE, Need.ULIMITS})
BUILDX_HINT = "install the docker command's buildx plugin, 0.13 or newer: https://docs.docker.com/go/buildx/"


def choose_builder(needs: Collection[Need], support: BuilderSupport) -> Builder:
    """The most direct builder that has what a build needs. Raises :class:`UnsupportedError` where none has."""
    keys = ", ".join(f"build.{key}" for key in sorted(need.value for need in needs))
    session = SESSION_NEEDS.intersection(needs)
    is_limited = bool(LIMITS.intersection(needs)) and not support.has_limits
    if not support.has_buildkit or is_limited:
        if session:
            raise UnsupportedError(
                f"{keys}: the engine has no builder with all of this", hint="use Docker 23 or newer, on Linux"
            )
        return Builder.CLASSIC
    if support.has_endpoint and not session:
        return Builder.BUILDKIT
    if support.has_buildx:
        return Builder.BUILDX
    what = f"{keys}: this takes a session with BuildKit" if session else "this engine builds only in a session"
    raise UnsupportedError(f"{what}, and there is no buildx on this machine", hint=BUILDX_HINT)
