"""Constant traffic on one host name of a router, and what became of it: each request whole, or a failure."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from tests.docker.web_program import SLOW_PARTS

PATIENCE = 30.0
"""Seconds that any answer may take."""
SESSION_MESSAGES = 40
MESSAGE_PAUSE = 0.05
"""A WebSocket lasts two seconds, less than any grace period."""


class Connection:
    """A kept connection that speaks as little HTTP as it takes: a client must cost less than what it measures."""

    def __init__(self, address: tuple[str, int], host: str) -> None:
        self._socket = socket.create_connection(address, timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = host
        self._unread = b""

    def get(self, path: str = "/", headers: str = "") -> tuple[int, bytes]:
        """The status and the body of an answer. Raises :class:`OSError` where it is cut short."""
        status, size = self._begin(path, headers)
        return status, self.read(size)

    def skip(self, path: str) -> tuple[int, int]:
        """The status and the size of an answer whose body is not kept."""
        status, size = self._begin(path, "")
        left = size - len(self._unread)
        self._unread = b""
        while left > 0:
            more = len(self._socket.recv(1 << 20))
            if not more:
                raise ConnectionError("closed in the middle")
            left -= more
        return status, size

    def _begin(self, path: str, headers: str) -> tuple[int, int]:
        self.send(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}\r\n".encode())
        while b"\r\n\r\n" not in self._unread:
            self._receive()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        sizes = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
        if b"transfer-encoding: chunked" in lines:
            raise ConnectionError("an answer of unknown length")
        return int(head[9:12]), sizes[0] if sizes else 0

    def send(self, content: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(content)

    def read(self, size: int) -> bytes:
        """So many bytes."""
        while len(self._unread) < size:
            self._receive()
        found, self._unread = self._unread[:size], self._unread[size:]
        return found

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def _receive(self) -> None:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("closed in the middle")
        self._unread += more


class Traffic:
    """Keep-alive clients, a WebSocket and a download that takes five seconds, each again and again."""

    def __init__(
        self,
        address: tuple[str, int],
        host: str,
        *,
        path: str = "/",
        clients: int = 4,
        is_mixed: bool = True,
    ) -> None:
        self._address, self._host, self._path = address, host, path
        self._over = threading.Event()
        self._lock = threading.Lock()
        kinds = [self._keep_asking] * clients
        kinds += [partial(self._repeat, self._talk), partial(self._repeat, self._download)] if is_mixed else []
        self._threads = [threading.Thread(target=kind, daemon=True) for kind in kinds]
        self.failures: list[str] = []
        self.counts: Counter[str] = Counter()
        """Answers by what they said; ``message``s of the WebSocket and ``download``s."""
        self.seconds: list[float] = []
        """What each request of the keep-alive clients took."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    @property
    def requests(self) -> int:
        """What was asked and answered."""
        return self.counts.total()

    def _keep_asking(self) -> None:
        connection: Connection | None = None
        while not self._over.is_set():
            begun = time.perf_counter()
            try:
                connection = connection or Connection(self._address, self._host)
                status, body = connection.get(self._path)
            except OSError as error:
                self._note(repr(error), is_good=False)
                connection = None
            else:
                self.seconds.append(time.perf_counter() - begun)
                self._note(body.decode() if status == 200 else f"{status}", is_good=status == 200)
        if connection is not None:
            connection.close()

    def _repeat(self, step: Callable[[Connection], None]) -> None:
        while not self._over.is_set():
            try:
                connection = Connection(self._address, self._host)
                step(connection)
                connection.close()
            except (OSError, AssertionError) as error:
                self._note(f"{step.__name__} {error!r}", is_good=False)

    def _download(self, connection: Connection) -> None:
        assert connection.get("/slow") == (200, b"." * SLOW_PARTS)
        self._note("download")

    def _talk(self, connection: Connection) -> None:
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        status, _ = connection.get("/socket", f"{upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
        assert status == 101, status
        for number in range(SESSION_MESSAGES):
            text, mask = b"%06d" % number, os.urandom(4)
            masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
            connection.send(bytes([0x81, 0x80 | len(text)]) + mask + masked)
            assert connection.read(2 + len(text)) == bytes([0x81, len(text)]) + text
            self._note("message")
            if self._over.wait(MESSAGE_PAUSE):
                return

    def _note(self, what: str, *, is_good: bool = True) -> None:
        with self._lock:
            if is_good:
                self.counts[what] += 1
            else:
                self.failures.append(what)
