"""What an image build needs besides its files, and which builder can provide it."""

from __future__ import annotations
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping

from enum import Enum
from previewer.domain.json_value import JsonObject
from msgspec import Struct, field
from collections.abc import Collection
from previewer.errors import UnsupportedError


class Need(Enum):
    """What not every builder has. The value is the key of a ``build`` section."""

    SECRETS = "secrets"
    SSH = "ssh"
    CONTEXTS = "additional_contexts"
    SHM_SIZE = "shm_size"
    ULIMITS = "ulimits"


class Ulimit(Struct, frozen=True):
    """A resource limit of the build's steps (setrlimit(2))."""

    name: str
    """``nofile``."""
    soft: int
    hard: int


class BuildRequirements(Struct, frozen=True):
    """The rest of a ``build`` section, read."""

    network: str = ""
    """The network of ``RUN`` steps: ``none``, ``host``, or empty for the engine's default."""
    extra_hosts: tuple[str, ...] = ()
    """``name=address``."""
    shm_bytes: int | None = None
    """The size of ``/dev/shm``; ``None`` for the engine's default."""
    ulimits: tuple[Ulimit, ...] = ()
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    """Values by the id that ``RUN --mount=type=secret`` names. They are never shown, logged or kept."""
    ssh: tuple[str, ...] = ()
    """``default``, or ``id=path`` of a socket or key of this machine."""
    contexts: Mapping[str, Callable[[], Iterator[bytes]]] = field(default_factory=dict)
    """Further contexts by name; each opens as a tar stream."""

    @property
    def needs(self) -> frozenset[Need]:
        """What a builder must have."""
        wanted = {
            Need.SECRETS: self.secrets,
            Need.SSH: self.ssh,
            Need.CONTEXTS: self.contexts,
            Need.SHM_SIZE: self.shm_bytes is not None,
            Need.ULIMITS: self.ulimits,
        }
        return frozenset(need for need, value in wanted.items() if value)

    @property
    def described(self) -> JsonObject:
        """For input digests. Of secrets the ids only: even a hash of a short one could be guessed.

        Files of further contexts are described by the caller that chose them.
        """
        return {
            "network": self.network,
            "extra_hosts": list(self.extra_hosts),
            "shm_bytes": self.shm_bytes,
            "ulimits": [[limit.name, limit.soft, limit.hard] for limit in self.ulimits],
            "secrets": sorted(self.secrets),
            "ssh": sorted(key.partition("=")[0] for key in self.ssh),
        }

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name != "secrets")
        return f"BuildRequirements({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


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


class BuilderSupport(Struct, frozen=True):
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
