"""Streams of the engine in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")

BATCH_SIZE = 500


class MemoryStream(Generic[Item]):
    """What is put in comes out in batches, until it is finished or closed."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items = deque(items)
        self._changed = Condition()
        self._is_finished = False
        self._is_closed = False

    @classmethod
    def of(cls, items: Iterable[Item]) -> MemoryStream[Item]:
        """These items and nothing more."""
        stream = cls(items)
        stream.finish()
        return stream

    def put(self, item: Item) -> None:
        """Add an item; nothing happens if the stream is closed."""
        with self._changed:
            if not (self._is_finished or self._is_closed):
                self._items.append(item)
                self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more will come; what is there is still read."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def close(self) -> None:
        """End it; a reader that waits sees the end. Closing twice is fine."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be put in any more."""
        return self._is_finished or self._is_closed

    def __iter__(self) -> Iterator[Sequence[Item]]:
        """Iterate over what arrives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self.is_over)
                if self._is_closed or not self._items:
                    return
                batch = tuple(self._items.popleft() for _ in range(min(BATCH_SIZE, len(self._items))))
            yield batch
