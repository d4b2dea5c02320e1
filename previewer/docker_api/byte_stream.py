"""The body of an HTTP answer as it arrives, closable from another thread."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # whoever has a response has imported it
    import requests

CHUNK_SIZE = 65_536
SSH_END_TIMEOUT = 0.5
"""Seconds that the user's ssh command may take to end when it is asked to."""


class ByteStream:
    """Chunks of bytes until the engine ends the answer, goes away, or somebody closes it."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_read = False

    def __iter__(self) -> Iterator[bytes]:
        """Read what arrives. An engine that goes away ends it quietly: no one can tell that from a stop."""
        with self._lock:
            if self._is_closed:
                return
            self._is_read = True
        import urllib3.exceptions

        # A socket that is shut down or closed under a reader fails in as many ways as there are transports.
        try:
            with suppress(urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
                yield from self._response.raw.stream(CHUNK_SIZE, decode_content=False)
        finally:
            with self._lock:
                self._is_closed = True
            self._response.close()

    def lift_time_limit(self) -> None:
        """Wait for ever from now on, whatever limit the request was made with."""
        connected = _socket_of(self._response)
        if connected is not None:
            connected.settimeout(None)

    def close(self) -> None:
        """End it; a reader that waits sees the end. Closing twice is fine."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            is_read = self._is_read
        # Only shutting the socket down wakes a reader: closing the response would wait for the reader's lock.
        with suppress(OSError, ValueError):
            _shut_down(self._response)
        if not is_read:
            self._response.close()


def _end_ssh(channel: Any) -> None:
    """End the user's ssh command that the answer comes through; its pipes see the end."""
    process: subprocess.Popen[bytes] = channel.proc
    # Closed before the SDK does it, which first writes a farewell to a process that may be gone.
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(SSH_END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _shut_down(response: requests.Response) -> None:
    channel = getattr(_body(response), "channel", None)
    if channel is not None:
        _end_ssh(channel)
        return
    connected = _socket_of(response)
    if connected is not None:
        connected.shutdown(socket.SHUT_RDWR)


def _socket_of(response: requests.Response) -> socket.socket | None:
    """The socket that an answer comes through; ``None`` through ssh, and once it is read to its end."""
    connected = getattr(getattr(_body(response), "raw", None), "_sock", None)
    return connected if isinstance(connected, socket.socket) else None


def _body(response: requests.Response) -> Any:
    return getattr(getattr(response.raw, "_fp", None), "fp", None)
