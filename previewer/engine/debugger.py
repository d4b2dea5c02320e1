"""What looking into a copy of a service asks of an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol


class Debugger(Protocol):
    """Copies of data, and shells. Nothing here touches a service."""

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """What a volume holds, as a tar stream, through a container of ``image`` that is never started.

        A program that writes meanwhile is not waited for: what is read may be half written.
        """
        ...

    def run(self, container: str, *, terminal: bool) -> int:
        """Start a container that was made, with this process's standard streams for its own; its exit code."""
        ...
