"""Copies of data, and shells that end at once, on the engine in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from previewer.engine.protocol import Engine


class MemoryDebugger:
    """:class:`previewer.engine.debugger.Debugger` without an engine."""

    def __init__(self, engine: Engine, *, exit_code: int = 0) -> None:
        self._engine = engine
        self._exit_code = exit_code
        self.ran: list[str] = []
        """The containers that were run, in order."""

    def read_volume(self, volume: str, *, image: str, labels: Mapping[str, str]) -> Iterator[bytes]:
        """Its name."""
        del image, labels
        yield volume.encode()

    def run(self, container: str, *, terminal: bool) -> int:
        """Start it; it ends as the debugger was made to say."""
        del terminal
        self._engine.start_container(container)
        self.ran.append(container)
        return self._exit_code
