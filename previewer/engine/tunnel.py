"""Ports of this machine that lead to an engine's machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class PortTunnel(Protocol):
    """They lead there until it is closed or the connection ends."""

    @property
    def ports(self) -> Mapping[tuple[str, int], int]:
        """The port of 127.0.0.1 that leads to each host and port there."""
        ...

    def wait(self) -> None:
        """Until the connection has ended."""
        ...

    def close(self) -> None:
        """End it. Safe from any thread, and more than once."""
        ...
