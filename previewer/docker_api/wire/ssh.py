"""``ssh://`` engines through the user's own ssh command, which knows the user's keys, jump hosts and settings.

Every connection is one ``docker system dial-stdio`` on the other machine behind a socket pair here, so that time
limits hold on it and a reader that waits can be woken. All of them share one login (OpenSSH's ``ControlMaster``),
which ends half a minute after the last of them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from previewer.docker_api.wire.socket_wire import DialedSocket

Place: TypeAlias = "tuple[str, int]"
"""A host and a port."""
LOGIN_TIMEOUT = 30
"""Seconds that logging in may take, a password that is typed included."""
END_TIMEOUT = 2
"""Seconds that an ssh command may take to end once its socket is closed."""


class SshMachine:
    """The machine that an ``ssh://USER@MACHINE:PORT`` address names."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._name = parts.hostname or ""
        self._options: list[str] = []
        if parts.username:
            self._options += ["-l", parts.username]
        if parts.port:
            self._options += ["-p", str(parts.port)]
        self._options += ["-o", "ControlMaster=auto", "-o", "ControlPersist=30", "-S", f"{_control_folder()}/%C"]

    def log_in(self) -> None:
        """Make the login that every connection shares; one that stands already is used.

        Raises :class:`ConnectionError` with ssh's words.
        """
        with tempfile.TemporaryFile() as error_output:
            command = ["ssh", *self._options, "--", self._name, "true"]
            try:
                # The shared login that stays behind keeps the error stream open: a pipe would never end.
                done = subprocess.run(
                    command, stdout=subprocess.DEVNULL, stderr=error_output, timeout=LOGIN_TIMEOUT, check=False
                )
            except FileNotFoundError as error:
                raise ConnectionError("ssh is not on the PATH") from error
            except subprocess.TimeoutExpired as error:
                raise ConnectionError(f"ssh did not log in within {LOGIN_TIMEOUT} s") from error
            error_output.seek(0)
            lines = error_output.read().decode(errors="replace").strip().splitlines()
        if done.returncode:
            reason = lines[-1] if lines else f"it ended with {done.returncode}"
            raise ConnectionError(f"ssh: {reason}")

    def dial(self, patience: float) -> DialedSocket:
        """A new connection to the engine; it may be silent for ``patience`` seconds."""
        near, far = socket.socketpair()
        with far:
            process = subprocess.Popen(
                ["ssh", *self._options, "--", self._name, "docker system dial-stdio"],
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interruption of this process must not reach it
            )
        near.settimeout(patience)
        return DialedSocket(near, partial(_end, process))

    def forward(self, places: Iterable[Place]) -> Forwarding:
        """Let ports of this machine's loopback address lead to ``places`` as the other machine reaches them.

        Each has the number that it has there, where that is free here. Raises :class:`ConnectionError` with ssh's
        words.
        """
        ports = {place: _free_port(place[1]) for place in places}
        leads = (f"127.0.0.1:{port}:{_written(place)}" for place, port in ports.items())
        forwards = [word for lead in leads for word in ("-L", lead)]
        # What comes back from the other machine says that all ports stand, and its end is the tunnel's.
        command = ["ssh", *self._options, "-o", "ExitOnForwardFailure=yes", *forwards, "--", self._name, "cat"]
        with tempfile.TemporaryFile() as error_output:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=error_output, start_new_session=True
            )
            cancel = ["ssh", *self._options, "-O", "cancel", *forwards, "--", self._name]
            tunnel = Forwarding(ports, process, cancel)
            if not tunnel.answers():
                tunnel.close()
                error_output.seek(0)
                lines = error_output.read().decode(errors="replace").strip().splitlines()
                raise ConnectionError(f"ssh: {lines[-1] if lines else 'no tunnel'}")
        return tunnel


class Forwarding:
    """Ports of this machine that lead to another one, until it is closed or the connection ends."""

    def __init__(
        self, ports: Mapping[Place, int], process: subprocess.Popen[bytes], cancel: Sequence[str]
    ) -> None:
        self.ports = ports
        """The port of 127.0.0.1 that leads to each place."""
        self._process = process
        self._cancel = cancel
        """What takes the ports back from the shared login, which goes on."""

    def answers(self) -> bool:
        """Whether the other machine gives back a line. It waits for that, or for the connection's end."""
        sent, received = self._process.stdin, self._process.stdout
        if sent is None or received is None:
            return False
        with suppress(OSError):
            sent.write(b"\n")
            sent.flush()
        return received.readline() == b"\n"

    def wait(self) -> None:
        """Until the connection has ended."""
        if self._process.stdout is not None:  # waiting for the process would lock out a signal that closes it
            self._process.stdout.read()

    def close(self) -> None:
        """End it. Safe from any thread, and more than once."""
        subprocess.run(self._cancel, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        _end(self._process)


def _free_port(wanted: int) -> int:
    """The port of the loopback address that has this number, or one that is free."""
    for number in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", number))
            return int(probe.getsockname()[1])
    return wanted


def _written(place: Place) -> str:
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@lru_cache(maxsize=1)
def _control_folder() -> Path:
    """The folder for the sockets of shared logins: the user's alone, and short, for socket paths are limited."""
    folder = Path(tempfile.gettempdir()) / f"previewer-ssh-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PermissionError
    except OSError:
        return Path(tempfile.mkdtemp(prefix="previewer-ssh-"))
    return folder
