"""Streams read to their end, here or in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from previewer.engine.protocol import ContainerEvent, LogLine, Stream


class Listener:
    """Reads a stream in a thread of its own."""

    def __init__(self, stream: Stream[Sequence[ContainerEvent | LogLine]]) -> None:
        self.stream = stream
        self.items: list[ContainerEvent | LogLine] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for batch in self.stream:
            self.items += batch

    @property
    def actions(self) -> list[str]:
        return [item.action for item in self.items if isinstance(item, ContainerEvent)]

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, LogLine)]

    def has_ended(self, within: float = 60.0) -> bool:
        self.thread.join(within)
        return not self.thread.is_alive()


def lines_of(stream: Stream[Sequence[LogLine]]) -> list[LogLine]:
    return [line for batch in stream for line in batch]
