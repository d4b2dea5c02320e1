"""What is asked of the router of an engine: the one proxy that leads host names to environments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from previewer.domain.routing.route_files import RouterFiles
from previewer.engine.protocol import Stream

HEALTH_SECONDS = 10.0
"""How long a router may take until it answers."""


def configuration_digest(configuration: bytes) -> str:
    """What a router is marked with, so that one of another version or other settings is known."""
    return hashlib.sha256(configuration).hexdigest()


class RouterSpec(Struct, frozen=True):
    """A router that is to be started."""

    name: str
    """Of its container, and of the volume with its files."""
    port: int
    hosts: tuple[str, ...]
    """The host addresses that it listens on."""
    configuration: bytes
    has_tls: bool = False
    files: RouterFiles = {}
    """What its configuration refers to: given certificates."""
    image: str = ""
    """The image that it is to run, by digest or tag; empty for what is at hand."""


class RouterState(Struct, frozen=True):
    """A router that is there."""

    name: str
    port: int
    """The host port that it answers at."""
    has_tls: bool
    is_running: bool
    image: str
    """The name of the image that it runs."""
    memory: int | None = None
    """Bytes that it uses; ``None`` where that was not asked, or is not known."""
    digest: str = ""
    """Of the configuration that it was made with; empty for one of a version that did not say it."""


class Router(Protocol):
    """The router of one engine. Methods block; they raise :class:`previewer.errors.EngineError`."""

    def find(self, name: str, *, measured: bool = False) -> RouterState | None:
        """The router called ``name``. :class:`ConflictError` where something else has that name."""
        ...

    def reason_against(self, image: str = "") -> str:
        """Why a router could not be started without a download; empty where it could.

        ``image`` is the one that the settings name; empty for what is at hand.
        """
        ...

    def start(self, spec: RouterSpec, *, may_pull: bool) -> None:
        """Make it unless it is there, start it, and wait until it answers.

        :class:`PortTakenError` where a port is taken; nothing is left then but its files. ``may_pull`` allows to
        get its image from a registry.
        """
        ...

    def write(self, name: str, files: RouterFiles) -> None:
        """Let files and links appear in its folder, in their order, instead of what has their paths.

        :class:`ObjectNotFoundError` where there is no such router.
        """
        ...

    def remove(self, name: str) -> bool:
        """Remove it and its files; whether there was one."""
        ...

    def authority(self, name: str) -> bytes:
        """The certificate (PEM) of its own authority. :class:`ObjectNotFoundError` where it has none."""
        ...

    def accepts(self, host: str, port: int) -> bool:
        """Whether something accepts connections at a host and TCP port, from here."""
        ...

    def logs(self, name: str, *, tail: int | None, follow: bool) -> Stream[Sequence[str]]:
        """The lines that it writes: one JSON object for each request, without headers and queries."""
        ...
