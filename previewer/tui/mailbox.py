"""Hands what a thread produces to the user interface in batches, with one message for any number of items."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Thread-safe. The writer announces only when the box was empty: floods cost one message a look."""

    def __init__(self, *, capacity: int | None = None) -> None:
        self._items: deque[Item] = deque(maxlen=capacity)
        """Beyond its capacity the oldest items are dropped: a reader that is behind cannot fill the memory."""
        self._lock = threading.Lock()

    def put(self, items: Iterable[Item]) -> bool:
        """Add items; whether the reader has to be told (it has been, if something lay there already)."""
        with self._lock:
            was_empty = not self._items
            self._items.extend(items)
            return was_empty and bool(self._items)

    def take(self) -> tuple[Item, ...]:
        """Everything that has come since the last time, oldest first."""
        with self._lock:
            taken = tuple(self._items)
            self._items.clear()
        return taken
