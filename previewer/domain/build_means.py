"""What an image build is given besides its files, arguments and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import Enum

from previewer.domain.json_value import JsonObject
from previewer.frozen import dataclass


class Need(Enum):
    """What not every builder has. The value is the key of a ``build`` section."""

    SECRETS = "secrets"
    SSH = "ssh"
    CONTEXTS = "additional_contexts"
    SHM_SIZE = "shm_size"
    ULIMITS = "ulimits"


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A resource limit of the build's steps (setrlimit(2))."""

    name: str
    """``nofile``."""
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class BuildMeans:
    """The rest of a ``build`` section, read."""

    network: str = ""
    """Of ``RUN`` steps: ``none``, ``host``, or empty for the engine's default."""
    extra_hosts: tuple[str, ...] = ()
    """``name=address``."""
    shm_bytes: int | None = None
    """Of ``/dev/shm``; ``None`` for the engine's default."""
    ulimits: tuple[Ulimit, ...] = ()
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """By the id that ``RUN --mount=type=secret`` names. Values are never shown, logged or kept."""
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

        Files of further contexts are described by whoever chose them.
        """
        return {
            "network": self.network,
            "extra_hosts": list(self.extra_hosts),
            "shm_bytes": self.shm_bytes,
            "ulimits": [[limit.name, limit.soft, limit.hard] for limit in self.ulimits],
            "secrets": sorted(self.secrets),
            "ssh": sorted(key.partition("=")[0] for key in self.ssh),
        }
