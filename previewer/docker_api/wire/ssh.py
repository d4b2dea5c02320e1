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
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from previewer.docker_api.wire.socket_wire import DialedSocket

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
