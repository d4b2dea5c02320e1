"""The wire to an engine behind a socket of this machine or behind the user's ssh, by the standard library alone.

Most engines are, and importing the SDK, with the HTTP libraries under it, takes longer than an engine takes to
answer most requests.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import urlencode

from msgspec import Struct

from previewer.docker_api.wire.protocol import (
    FIRST_REFUSAL,
    MOST_IDLE,
    PING,
    VERSION,
    ByteStream,
    EngineAnswer,
    EngineRequest,
    OpenAnswer,
    RuntimeSilentError,
)

LONGEST_LINE = 65_536
MOST_HEADERS = 1000
PIECE = 65_536
"""Bytes that are read at a time, at most."""
FIRST_FINAL = 200
"""An answer with a smaller status only announces another."""
NO_BODY = (204, 304)
NOT_HTTP = "the answer is not HTTP"


class AnswerHead(Struct, frozen=True):
    """What precedes a body."""

    status: int
    headers: Mapping[str, str]
    """Headers by lower-case name."""

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks that each say how long they are."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def ends_connection(self) -> bool:
        """Whether no other answer can follow: the engine says so, or only the end tells where the body ends."""
        says_its_end = self.status in NO_BODY or self.is_chunked or "content-length" in self.headers
        return self.headers.get("connection", "").lower() == "close" or not says_its_end


def read_head(file: BinaryIO) -> AnswerHead:
    """The head of the next answer. Raises :class:`ConnectionError` where there is none."""
    while True:
        version, _, rest = _read_line(file).partition(" ")
        code = rest.partition(" ")[0]
        if not version.startswith("HTTP/1.") or not code.isdecimal():
            raise ConnectionError(NOT_HTTP)
        headers = dict(_read_headers(file))
        if int(code) >= FIRST_FINAL:
            return AnswerHead(int(code), headers)


def read_body(file: BinaryIO, head: AnswerHead) -> Iterator[bytes]:
    """The body that follows ``head``, in pieces as they arrive.

    Raises :class:`ConnectionError` where it ends too early.
    """
    if head.status in NO_BODY:
        return
    if head.is_chunked:
        yield from _read_chunks(file)
    elif (length := head.headers.get("content-length")) is None:
        while piece := file.read(PIECE):
            yield piece
    elif length.isdecimal():
        yield from _read_exactly(file, int(length))
    else:
        raise ConnectionError(NOT_HTTP)


def _read_headers(file: BinaryIO) -> Iterator[tuple[str, str]]:
    for _number in range(MOST_HEADERS):
        line = _read_line(file)
        if not line:
            return
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()
    raise ConnectionError(NOT_HTTP)


def _read_chunks(file: BinaryIO) -> Iterator[bytes]:
    while length := _chunk_length(_read_line(file)):
        yield from _read_exactly(file, length)
        _read_line(file)
    while _read_line(file):  # trailers
        pass


def _chunk_length(line: str) -> int:
    digits = line.partition(";")[0].strip()
    try:
        return int(digits, 16)
    except ValueError:
        raise ConnectionError(NOT_HTTP) from None


def _read_line(file: BinaryIO) -> str:
    line = file.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("the engine closed the connection")
    return line.decode("latin-1").rstrip("\r\n")


def _read_exactly(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        piece = file.read(min(length, PIECE))
        if not piece:
            raise ConnectionError("the engine closed the connection")
        length -= len(piece)
        yield piece


DOUBT_SECONDS = 10.0
"""Of silence after which the engine is asked whether it is still there: what takes long and what has stopped look
alike."""
RUNTIME_SECONDS = 20.0
"""That its containerd may take then to say that it is there; it is asked through the engine."""
SILENT_SECONDS = 2.0
"""That one which was not there when it was asked is given after that: what is cleaned up need not wait as long."""


class DialedSocket(NamedTuple):
    """A connected socket, and what has to end with it."""

    socket: socket.socket
    end: Callable[[], None] = lambda: None
    """Called once, after the socket is closed."""


Dial = Callable[[float], DialedSocket]
"""Connects to the engine, within so many seconds. Raises :class:`OSError`."""


class SocketWire:
    """Connections to one engine, kept for the next request; each is used by one thread at a time."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        self._is_silent = False
        """Whether the engine did not even say that it is there."""
        self._is_stuck = False
        """Whether its containerd did not answer it when it was last asked."""

    def exchange(self, request: EngineRequest, *, patience: float) -> EngineAnswer:
        """Ask, and read the answer."""
        patience = min(patience, SILENT_SECONDS) if self._is_silent else patience
        connection = self._take(patience)
        try:
            connection.send(request)
            self._await_answer(connection, patience, doubts=request not in (PING, VERSION))
            self._is_silent = False
            head = read_head(connection.file)
            content = b"" if request.method == "HEAD" else b"".join(read_body(connection.file, head))
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, head)
        return EngineAnswer(head.status, content, head.headers, f"{request.method} {request.path}")

    def open(self, request: EngineRequest, *, patience: float) -> OpenAnswer:
        """Ask for an answer that arrives bit by bit."""
        connection = self._take(patience)
        try:
            connection.send(request)
            head = read_head(connection.file)
            if head.status >= FIRST_REFUSAL:
                EngineAnswer(head.status, b"".join(read_body(connection.file, head))).check()
            connection.socket.settimeout(None)
        except BaseException:
            connection.close()
            raise
        body = read_body(connection.file, head)
        return ByteStream(body, wake=connection.shut_down, release=connection.close)

    def close(self) -> None:
        """Close what is kept open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _await_answer(self, connection: _Connection, patience: float, *, doubts: bool) -> None:
        """Until it begins. Raises :class:`TimeoutError` sooner where the engine does not answer anything else."""
        end = time.monotonic() + patience
        while not connection.has_answer(min(SILENT_SECONDS if self._is_stuck else DOUBT_SECONDS, patience)):
            if time.monotonic() >= end:
                raise TimeoutError("the engine did not answer in time")
            if doubts:
                self._require_life()

    def _require_life(self) -> None:
        try:
            self.exchange(PING, patience=DOUBT_SECONDS)
        except TimeoutError:
            self._is_silent = True
            raise
        try:
            self.exchange(VERSION, patience=SILENT_SECONDS if self._is_stuck else RUNTIME_SECONDS)
        except TimeoutError as error:
            self._is_stuck = True
            raise RuntimeSilentError(str(error)) from error
        self._is_stuck = False

    def _take(self, patience: float) -> _Connection:
        """One that is idle and that the engine has not closed meanwhile, else a new one."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return _Connection(self._dial(patience))
            if connection.is_silent:
                connection.socket.settimeout(patience)
                return connection
            connection.close()

    def _give_back(self, connection: _Connection, head: AnswerHead) -> None:
        with self._lock:
            if not head.ends_connection and len(self._idle) < MOST_IDLE:
                self._idle.append(connection)
                return
        connection.close()


def dial_unix(path: str) -> Dial:
    """A dial for the Unix socket at ``path``."""

    def dial(patience: float) -> DialedSocket:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(patience)
        try:
            connected.connect(path)
        except TimeoutError:
            connected.close()
            raise
        except OSError as error:
            connected.close()
            raise ConnectionError(error.errno, error.strerror or str(error)) from error
        return DialedSocket(connected)

    return dial


class _Connection:
    def __init__(self, dialed: DialedSocket) -> None:
        self.socket, self._end = dialed
        self.file = cast(BinaryIO, self.socket.makefile("rb"))

    @property
    def is_silent(self) -> bool:
        """Whether nothing waits to be read: the end of the stream would, and unrequested data."""
        return not self.has_answer(0)

    def has_answer(self, within: float) -> bool:
        """Whether there is something to read, or will be in so many seconds."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        return bool(waiting.poll(within * 1000))

    def send(self, request: EngineRequest) -> None:
        """Send it."""
        with suppress(BrokenPipeError):  # an engine may refuse before it has read all: its answer says why
            self.socket.sendall(_as_bytes(request))

    def shut_down(self) -> None:
        """End both directions; a reader that waits sees the end."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it. No read may be active."""
        with suppress(OSError):
            self.file.close()
        self.socket.close()
        self._end()


def _as_bytes(request: EngineRequest) -> bytes:
    target = f"{request.path}?{urlencode(request.parameters)}" if request.parameters else request.path
    lines = [f"{request.method} {target} HTTP/1.1", "Host: engine", "User-Agent: previewer"]
    if request.body is not None:
        lines.append(f"Content-Type: {request.content_type}")
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {len(request.body or b'')}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (request.body or b"")
