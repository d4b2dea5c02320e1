"""The body of an answer as it arrives, closable from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress


class ByteStream:
    """Chunks of bytes until the engine ends the answer, goes away, or somebody closes it."""

    def __init__(self, chunks: Iterator[bytes], *, wake: Callable[[], None], release: Callable[[], None]) -> None:
        """``wake`` ends a reading that waits, from any thread; ``release`` is called once, when nobody reads."""
        self._chunks = chunks
        self._wake = wake
        self._release = release
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_read = False

    def __iter__(self) -> Iterator[bytes]:
        """Read what arrives, once. An engine that goes away ends it quietly: no one can tell that from a stop."""
        with self._lock:
            if self._is_closed:
                return
            self._is_read = True
        try:
            with suppress(OSError, ValueError):  # ValueError: what is read was closed meanwhile
                yield from self._chunks
        finally:
            with self._lock:
                self._is_closed = True
            self._release()

    def close(self) -> None:
        """End it; a reader that waits sees the end. Closing twice is fine."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            is_read = self._is_read
        # Releasing it would wait for the reader's lock: the woken reader does that.
        with suppress(OSError, ValueError):
            self._wake()
        if not is_read:
            self._release()
