"""Standard error as several threads write to it: whole pieces, in turn, and never an exception."""

from __future__ import annotations

import threading
from typing import TextIO


class ProgressStream:
    """A stream that may be gone: an operation goes on though nobody watches it any more."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Write ``text`` in one piece."""
        with self._lock:
            try:
                self.stream.write(text)
                self.stream.flush()
            except (OSError, ValueError):
                return
