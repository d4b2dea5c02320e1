"""One flag that a front end sets and every waiting or streaming part of an operation looks at."""

from __future__ import annotations

import threading
from collections.abc import Callable

from previewer.errors import CancelledError


class Cancellation:
    """Set once, never reset. Streams register a closer, so that a blocked read ends at once."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal: int | None = None
        """The number of the signal that requested it; ``None`` for anything else."""
        self._closers: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        """Re-entrant: a signal handler may run while this very thread holds it."""

    def request(self, signal: int | None = None) -> None:
        """Ask the operation to stop. Safe from any thread and from a signal handler's main thread."""
        with self._lock:
            self.signal = self.signal or signal
            self._event.set()
            closers, self._closers = self._closers, []
        for close in closers:
            close()

    @property
    def requested(self) -> bool:
        """Whether cancellation was requested."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise :class:`CancelledError` if cancellation was requested."""
        if self._event.is_set():
            raise CancelledError("interrupted")

    def wait(self, seconds: float) -> bool:
        """Sleep for ``seconds`` or until cancellation; return whether it was requested."""
        return self._event.wait(seconds)

    def on_request(self, close: Callable[[], None]) -> Callable[[], None]:
        """Call ``close`` on cancellation (at once, if already requested). Returns a function that undoes this."""
        with self._lock:
            if not self._event.is_set():
                self._closers.append(close)
                return lambda: self._forget(close)
        close()
        return lambda: None

    def _forget(self, close: Callable[[], None]) -> None:
        with self._lock:
            if close in self._closers:
                self._closers.remove(close)
