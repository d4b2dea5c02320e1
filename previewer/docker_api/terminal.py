"""A container's standard streams joined to this process's: what `docker start --attach --interactive` does."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from previewer.docker_api.connection import DockerConnection
from previewer.docker_api.containers import start_container
from previewer.docker_api.errors import translate_errors
from previewer.errors import EngineError

CHUNK = 65_536
FRAME_HEAD = struct.Struct(">BxxxL")
"""Of the engine's multiplexed streams: 1 for standard output or 2 for standard error, then the length."""


LONGEST_LINE = 65_536
"""Bytes of a line that are held back until it ends, to mask it as a whole."""
IDLE_SECONDS = 0.05
"""After which the beginning of a line, a prompt say, is shown though the line has not ended."""


def run_attached(
    connection: DockerConnection, container: str, *, terminal: bool, mask: Callable[[str], str] | None
) -> int:
    """Start it, be its terminal (or its pipes) until it ends, and return its exit code.

    ``terminal`` says whether it was made with one. It reads this process's standard input to its end. ``mask`` is
    put over each line that it writes without a terminal; ``None`` hands on every byte.
    """
    subject = f"container {container}"
    with translate_errors("attach to it", subject=subject):
        wrapped: Any = connection.api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    channel: socket.socket = getattr(wrapped, "_sock", wrapped)
    try:
        start_container(connection, container)
        with _raw_keyboard(terminal), _resized(connection, container, terminal):
            _exchange(channel, None if terminal else (_Outlet(1, mask), _Outlet(2, mask)))
    finally:
        with suppress(OSError):
            wrapped.close()
    with translate_errors("wait for its end", subject=subject):
        code = connection.api.wait(container)["StatusCode"]
    return int(code)


class _Outlet:
    """One of this process's streams, which whole lines are written to where there is something to mask."""

    def __init__(self, descriptor: int, mask: Callable[[str], str] | None) -> None:
        self._descriptor = descriptor
        self._mask = mask
        self.held = b""
        """The beginning of a line that has not ended."""

    def write(self, data: bytes) -> None:
        if self._mask is None:
            _write_all(self._descriptor, data)
            return
        lines, end, self.held = (self.held + data).rpartition(b"\n")
        self._show(lines + end)
        if len(self.held) > LONGEST_LINE:
            self.flush()

    def flush(self) -> None:
        data, self.held = self.held, b""
        self._show(data)

    def _show(self, data: bytes) -> None:
        if data and self._mask is not None:
            text = self._mask(data.decode("utf-8", "surrogateescape"))
            _write_all(self._descriptor, text.encode("utf-8", "surrogateescape"))


def _exchange(channel: socket.socket, outlets: tuple[_Outlet, _Outlet] | None) -> None:
    """Carry bytes both ways until the container closes its side; without a terminal to ``outlets``."""
    keyboard: list[int] = [sys.stdin.fileno()]
    rest = b""
    while True:
        held = [outlet for outlet in outlets or () if outlet.held]
        ready, _, _ = select.select([channel.fileno(), *keyboard], [], [], IDLE_SECONDS if held else None)
        chunk = channel.recv(CHUNK) if channel.fileno() in ready else b""
        is_over = channel.fileno() in ready and not chunk
        if is_over or not ready:
            for outlet in held:
                outlet.flush()
        if is_over:
            return
        if chunk:
            rest = _write(rest + chunk, outlets) if outlets else _write_all(1, chunk)
        if keyboard and keyboard[0] in ready:
            typed = os.read(keyboard[0], CHUNK)
            if typed:
                channel.sendall(typed)
            else:
                keyboard = []
                with suppress(OSError):
                    channel.shutdown(socket.SHUT_WR)


def _write(data: bytes, outlets: tuple[_Outlet, _Outlet]) -> bytes:
    """Write whole frames to the stream that each names; what is left over."""
    while len(data) >= FRAME_HEAD.size:
        stream, length = FRAME_HEAD.unpack_from(data)
        end = FRAME_HEAD.size + length
        if len(data) < end:
            break
        outlets[stream == 2].write(data[FRAME_HEAD.size : end])
        data = data[end:]
    return data


def _write_all(descriptor: int, data: bytes) -> bytes:
    while data:
        data = data[os.write(descriptor, data) :]
    return b""


@contextmanager
def _raw_keyboard(terminal: bool) -> Iterator[None]:
    """Hand every key to the container, Ctrl-C included; afterwards the terminal is as it was."""
    if not terminal or not sys.stdin.isatty():
        yield
        return
    try:
        import termios
        import tty
    except ImportError as error:
        raise EngineError("this system has no terminals that can be shared", hint="use WSL") from error
    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        tty.setraw(sys.stdin.fileno())
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


@contextmanager
def _resized(connection: DockerConnection, container: str, terminal: bool) -> Iterator[None]:
    """Tell the container how large the terminal is, now and whenever that changes."""
    if not terminal or not hasattr(signal, "SIGWINCH"):
        yield
        return

    def tell(*_ignored: object) -> None:
        size = shutil.get_terminal_size()
        with suppress(EngineError), translate_errors("resize its terminal", subject=f"container {container}"):
            connection.api.resize(container, height=size.lines, width=size.columns)

    before = signal.signal(signal.SIGWINCH, tell)
    tell()
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
